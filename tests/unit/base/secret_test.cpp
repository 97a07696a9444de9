#include <docupilot/base/secret.h>

#include <sstream>
#include <type_traits>

#include <doctest/doctest.h>

#include "crypto/wipe.h"

using namespace docupilot;

TEST_CASE("a secret prints as stars and an empty one as nothing") {
  std::ostringstream out;
  out << Secret("hunter2") << '|' << Secret() << '|' << Secret("");
  CHECK(out.str() == "***||");
  static_assert(!std::is_convertible_v<Secret, std::string>);
  static_assert(!std::is_convertible_v<std::string, Secret>);
}

TEST_CASE("secrets compare by content") {
  CHECK(Secret("a") == Secret("a"));
  CHECK_FALSE(Secret("a") == Secret("b"));
  CHECK_FALSE(Secret("a") == Secret("aa"));
  CHECK_FALSE(Secret("") == Secret("a"));
  CHECK(Secret() == Secret(""));
}

TEST_CASE("a secret that was moved from is empty, short or long") {
  for (const std::size_t size : {3U, 300U}) {
    Secret a(std::string(size, 'x'));
    Secret b = std::move(a);
    CHECK(a.empty());  // NOLINT: that is what is tested
    CHECK(b.expose().size() == size);
    Secret c("old");
    c = std::move(b);
    CHECK(b.empty());  // NOLINT
    CHECK(c.expose().size() == size);
    Secret d;
    d = c;
    CHECK(d == c);
    d = *&d;  // NOLINT: onto itself
    CHECK(d == c);
  }
}

TEST_CASE("wiping overwrites the text where it lies") {
  for (const std::size_t size : {5U, 500U}) {
    std::string text(size, 'x');
    const char* memory = text.data();
    crypto::wipe(text);
    CHECK(text.empty());
    CHECK(text.data() == memory);
    text.resize(size, '\1');  // the same memory again, so that reading it is allowed
    REQUIRE(text.data() == memory);
    CHECK(text.find('x') == std::string::npos);
  }
}

TEST_CASE("the memory of a secret is overwritten when it goes") {
  alignas(Secret) std::byte memory[sizeof(Secret)];
  auto* secret = new (memory) Secret("short");  // kept inside the object itself
  const auto* inside = reinterpret_cast<const std::byte*>(secret->expose().data());
  REQUIRE(inside >= memory);
  REQUIRE(inside < memory + sizeof memory);
  const auto offset = inside - memory;
  secret->~Secret();
  const volatile std::byte* after = memory;
  for (std::ptrdiff_t i = 0; i < 5; ++i) CHECK(after[offset + i] == std::byte{0});
}
