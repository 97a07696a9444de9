#include "base/token_bucket.h"

#include <doctest/doctest.h>

using namespace docupilot;

TEST_CASE("a token bucket gives all that is asked for or nothing") {
  TokenBucket bucket(20);
  CHECK(bucket.take(14));
  CHECK_FALSE(bucket.take(7));
  CHECK(bucket.left() == 6);
  CHECK(bucket.take(6));
  CHECK(bucket.left() == 0);
  CHECK_FALSE(bucket.take(1));
}

TEST_CASE("a token bucket never holds more than it began with") {
  TokenBucket bucket(20);
  bucket.give(1);
  CHECK(bucket.left() == 20);
  REQUIRE(bucket.take(14));
  bucket.give(15);
  CHECK(bucket.left() == 20);
}
