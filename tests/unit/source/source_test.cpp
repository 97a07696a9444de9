#include <docupilot/source/source.h>

#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace docupilot;

namespace {

std::string text_of(Source& source, std::size_t block = 7) {
  std::string text;
  std::vector<std::byte> room(block);
  for (;;) {
    const auto count = source.read(room, {});
    REQUIRE_MESSAGE(count.has_value(), (count ? "" : count.error().to_string()));
    if (*count == 0) return text;
    text += as_text(ByteView(room).first(*count));
  }
}

/// Gives the text in pieces of at most three bytes, then 0 for ever.
auto giver(std::string text) {
  return [text = std::move(text)](MutableByteView into) mutable -> Result<std::size_t> {
    const std::size_t count = std::min({into.size(), text.size(), std::size_t{3}});
    std::copy_n(as_bytes(text).data(), count, into.data());
    text.erase(0, count);
    return count;
  };
}

}  // namespace

TEST_CASE("memory is read in pieces, again after rewind, and at any offset") {
  const std::string text = "the quick brown fox";
  auto borrowed = memory_source(as_bytes(text), "fox.txt");
  auto owned = memory_source(std::string(text), "fox.txt");
  for (Source* source : {borrowed.get(), owned.get()}) {
    CHECK(source->size() == text.size());
    CHECK(source->name() == "fox.txt");
    CHECK(source->can_rewind());
    CHECK(text_of(*source) == text);
    REQUIRE(source->rewind());
    std::byte room[8];
    CHECK(source->read_at(4, std::span(room).first(5)).value() == 5);
    CHECK(as_text(std::span(room).first(5)) == "quick");
    CHECK(source->read_at(text.size() - 3, room).value() == 3);
    CHECK(source->read_at(text.size(), room).value() == 0);
    CHECK(source->read_at(UINT64_MAX, room).value() == 0);
    CHECK(text_of(*source, 100) == text);
    CHECK_FALSE(source->identity().value().is_set());
    CHECK(source->identity().value().size == text.size());
  }
}

TEST_CASE("a short owned text survives, wherever the compiler keeps it") {
  auto source = memory_source(std::string("ab"));
  CHECK(text_of(*source) == "ab");
  CHECK(source->name().empty());
  CHECK(text_of(*memory_source(std::string())).empty());
}

TEST_CASE("reading without room, after a stop request or past the deadline is an error and no end") {
  std::stop_source stop;
  stop.request_stop();
  std::byte room[4];
  std::vector<std::unique_ptr<Source>> sources;
  sources.push_back(memory_source(std::string("abc")));
  sources.push_back(callback_source(giver("abc")));
  for (auto& source : sources) {
    CHECK(source->read({}, {}).error().code() == ErrorCode::invalid_argument);
    CHECK(source->read(room, {.stop = stop.get_token()}).error().code() == ErrorCode::cancelled);
    CHECK(source->read(room, {.deadline = Deadline::after(Duration(0))}).error().code() == ErrorCode::timeout);
    CHECK(text_of(*source) == "abc");
  }
}

TEST_CASE("a callback's bytes are read to the end, once") {
  auto source = callback_source(giver("the quick brown fox"), {}, "fox");
  CHECK(source->name() == "fox");
  CHECK_FALSE(source->size());
  CHECK_FALSE(source->can_rewind());
  CHECK(text_of(*source) == "the quick brown fox");
  std::byte room[4];
  CHECK(source->rewind().error().code() == ErrorCode::unsupported);
  CHECK(source->read_at(0, room).error().code() == ErrorCode::unsupported);
  CHECK_FALSE(source->read_at(0, room).error().hint().empty());
  CHECK_FALSE(source->identity().value().is_set());
}

TEST_CASE("a callback is not called again after its end") {
  int calls = 0;
  auto source = callback_source([&calls](MutableByteView) -> Result<std::size_t> {
    ++calls;
    return std::size_t{0};
  });
  CHECK(text_of(*source).empty());
  CHECK(text_of(*source).empty());
  CHECK(calls == 1);
}

TEST_CASE("a callback that keeps to its size is believed") {
  auto source = callback_source(giver("12345"), 5);
  CHECK(source->size() == 5);
  CHECK(source->identity().value().size == 5);
  CHECK(text_of(*source) == "12345");
}

TEST_CASE("a callback that ends early or gives more than its size is corrupted, and stays so") {
  for (const std::uint64_t size : {4U, 6U}) {
    CAPTURE(size);
    auto source = callback_source(giver("12345"), size);
    std::byte room[16];
    auto count = source->read(room, {});
    CHECK(count.value() == 3);
    count = source->read(room, {});
    if (count) count = source->read(room, {});
    REQUIRE_FALSE(count.has_value());
    CHECK(count.error().code() == ErrorCode::corrupted);
    CHECK_FALSE(count.error().hint().empty());
    CHECK(source->read(room, {}).error().code() == ErrorCode::corrupted);
  }
}

TEST_CASE("a callback that claims more than it had room for is corrupted") {
  auto source = callback_source([](MutableByteView into) -> Result<std::size_t> { return into.size() + 1; });
  std::byte room[4];
  CHECK(source->read(room, {}).error().code() == ErrorCode::corrupted);
}

TEST_CASE("what a callback returns or throws as failure comes back as an error") {
  std::byte room[4];
  auto fails = callback_source(
      [](MutableByteView) -> Result<std::size_t> { return Error(ErrorCode::unavailable, "the scanner is off"); });
  CHECK(fails->read(room, {}).error().code() == ErrorCode::unavailable);
  auto throws = callback_source([](MutableByteView) -> Result<std::size_t> { throw std::runtime_error("paper jam"); });
  const auto thrown = throws->read(room, {});
  CHECK(thrown.error().code() == ErrorCode::internal);
  CHECK(thrown.error().message().find("paper jam") != std::string::npos);
  auto throws_oddly = callback_source([](MutableByteView) -> Result<std::size_t> { throw 1; });
  CHECK(throws_oddly->read(room, {}).error().code() == ErrorCode::internal);
  CHECK(callback_source({})->read(room, {}).error().code() == ErrorCode::internal);
}
