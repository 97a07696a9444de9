#include <docupilot/base/error.h>
#include <docupilot/base/result.h>

#include <memory>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "base/try.h"

using namespace docupilot;

namespace {

Result<int> half(int v) {
  if (v % 2 != 0) return Error(ErrorCode::invalid_argument, "odd");
  return v / 2;
}

Result<std::string> quarter(int v) {
  DOCUPILOT_TRY(const int once, half(v));
  DOCUPILOT_CHECK(half(once));
  return std::to_string(once / 2);
}

}  // namespace

TEST_CASE("every code has a name of its own") {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) names.insert(to_string(static_cast<ErrorCode>(i)));
  CHECK(names.size() == 17);
  CHECK(to_string(ErrorCode::not_found) == "not_found");
  CHECK(to_string(ErrorCode::outcome_unknown) == "outcome_unknown");
  CHECK(to_string(static_cast<ErrorCode>(99)) == "internal");
}

TEST_CASE("an error tells all it was given, on one line") {
  const Error bare(ErrorCode::exhausted, "no space left");
  CHECK(bare.to_string() == "no space left (exhausted)");
  CHECK(bare.attempts() == 1);
  CHECK(bare.http_status() == 0);
  CHECK(bare.cause() == nullptr);
  CHECK(bare.operation().empty());
  const Error full = Error(ErrorCode::unavailable, "no reply")
                         .operation("put")
                         .backend("s3")
                         .target("a/b")
                         .hint("try again later")
                         .service(503, "SlowDown", "r-1")
                         .attempts(3)
                         .cause(Error(ErrorCode::timeout, "stalled").operation("connect"));
  CHECK(
      full.to_string() ==
      "put s3 'a/b': no reply (unavailable, HTTP 503, SlowDown, request r-1, 3 attempts) - try again later; caused by: "
      "connect: stalled (timeout)");
  CHECK(full.code() == ErrorCode::unavailable);
  CHECK(full.message() == "no reply");
  CHECK(full.backend() == "s3");
  CHECK(full.service_code() == "SlowDown");
  CHECK(full.request_id() == "r-1");
  CHECK(full.http_status() == 503);
  REQUIRE(full.cause() != nullptr);
  CHECK(full.cause()->code() == ErrorCode::timeout);
}

TEST_CASE("what a stranger named cannot break the line") {
  const Error error = Error(ErrorCode::not_found, "gone").target("a\nb\x1b[2J\xff").service(404, "x\r", "y\t");
  CHECK(error.target() == "a\\nb\\x1b[2J\\xff");
  CHECK(error.service_code() == "x\\r");
  CHECK(error.request_id() == "y\\t");
}

TEST_CASE("whether to try again follows from the code unless it is said") {
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    const bool expected =
        code == ErrorCode::unavailable || code == ErrorCode::rate_limited || code == ErrorCode::timeout;
    CHECK(Error(code, "x").retryable() == expected);
    CHECK(Error(code, "x").retryable(true).retryable());
    CHECK_FALSE(Error(code, "x").retryable(false).retryable());
  }
}

TEST_CASE("a copy of an error is its own") {
  Error original = Error(ErrorCode::conflict, "held").target("t").cause(Error(ErrorCode::internal, "below"));
  Error copy = original;
  original = Error(ErrorCode::internal, "other");
  CHECK(copy.to_string() == "'t': held (conflict); caused by: below (internal)");
  copy = *&copy;  // NOLINT: onto itself
  CHECK(copy.target() == "t");
  const Error moved = std::move(copy);
  CHECK(moved.cause()->message() == "below");
}

TEST_CASE("a result holds a value or an error") {
  const Result<int> good = half(4);
  CHECK(good.has_value());
  CHECK(static_cast<bool>(good));
  CHECK(*good == 2);
  CHECK(good.value() == 2);
  CHECK(good.value_or(9) == 2);
  const Result<int> bad = half(3);
  CHECK_FALSE(bad.has_value());
  CHECK(bad.error().message() == "odd");
  CHECK(bad.value_or(9) == 9);
  CHECK(Result<std::string>()->empty());
}

TEST_CASE("value() throws the one exception, with the error in it") {
  try {
    (void)half(3).value();
    FAIL("it did not throw");
  } catch (const std::exception& e) {
    CHECK(std::string(e.what()) == "odd (invalid_argument)");
    CHECK(dynamic_cast<const Exception&>(e).error().code() == ErrorCode::invalid_argument);
  }
  CHECK_THROWS_AS(Result<void>(Error(ErrorCode::internal, "x")).value(), Exception);
  CHECK_NOTHROW(Result<void>().value());
  const Result<int> bad = half(1);
  CHECK_THROWS_AS((void)bad.value(), Exception);
}

TEST_CASE("results are chained without asking each") {
  CHECK(half(8).and_then(half).and_then(half).value() == 1);
  CHECK(half(6).and_then(half).error().message() == "odd");
  CHECK(half(8).transform([](int v) { return std::to_string(v); }).value() == "4");
  CHECK_FALSE(half(7).transform([](int v) { return v; }).has_value());
  const auto renamed = half(7).transform_error([](Error&& e) { return std::move(e).operation("halve"); });
  CHECK(renamed.error().operation() == "halve");
  CHECK(Result<void>().and_then([] { return half(2); }).value() == 1);
  CHECK(quarter(8).value() == "2");
  CHECK(quarter(6).error().message() == "odd");
  CHECK(quarter(5).error().message() == "odd");
}

TEST_CASE("a result carries what can only be moved") {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = *std::move(result);
  CHECK(*taken == 5);
  Result<std::unique_ptr<int>> other = std::make_unique<int>(6);
  CHECK(*std::move(other).value() == 6);
}
