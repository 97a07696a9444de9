#include <doctest/doctest.h>
#include <docupilot/base/result.h>

#include <memory>
#include <string>
#include <vector>

using namespace docupilot;

namespace {

struct Page {
  std::vector<std::string> lines;
};

Result<Page> page() { return Page{{"a line that is too long for a string to keep it inside itself", "and another"}}; }
Result<int> failed() { return Error(ErrorCode::not_found, "there is none").target("x"); }
Result<int> half(int number) {
  if (number % 2 != 0) return Error(ErrorCode::invalid_argument, "an odd number");
  return number / 2;
}

}  // namespace

TEST_CASE("a result is a value or an error") {
  const Result<int> good = 3;
  REQUIRE(good);
  CHECK(*good == 3);
  CHECK(good.value() == 3);
  CHECK(good.value_or(7) == 3);

  const Result<int> bad = failed();
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code() == ErrorCode::not_found);
  CHECK(bad.value_or(7) == 7);
}

TEST_CASE("value throws what error holds") {
  try {
    (void)failed().value();
    FAIL("nothing was thrown");
  } catch (const Exception& exception) {
    CHECK(exception.error().code() == ErrorCode::not_found);
    CHECK(exception.error().target() == "x");
  }
  CHECK_THROWS_AS(Result<void>(Error(ErrorCode::timeout, "late")).value(), Exception);
  CHECK_NOTHROW(Result<void>().value());
}

TEST_CASE("a member of the value of a call outlives the call in a loop") {
  std::size_t bytes = 0;
  for (const std::string& line : page().value().lines) bytes += line.size();
  CHECK(bytes == 72);
}

TEST_CASE("steps go on from a value and stop at an error") {
  CHECK(half(8).and_then(half).and_then(half).value() == 1);
  CHECK(half(6).and_then(half).error().code() == ErrorCode::invalid_argument);
  CHECK(half(8).transform([](int number) { return std::to_string(number); }).value() == "4");
  const auto renamed = failed().transform_error([](Error&& error) { return std::move(error).target("y"); });
  CHECK(renamed.error().target() == "y");

  int steps = 0;
  const auto done = Result<void>().and_then([&]() -> Result<void> {
    ++steps;
    return Error(ErrorCode::conflict, "held");
  });
  CHECK(done.error().code() == ErrorCode::conflict);
  CHECK(steps == 1);
}

TEST_CASE("a value that can only be moved is moved") {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = std::move(made).value();
  CHECK(*taken == 5);
}
