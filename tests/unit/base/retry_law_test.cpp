#include "base/retry_law.h"

#include <doctest/doctest.h>

#include <chrono>

using namespace docupilot;
using namespace std::chrono_literals;

TEST_CASE("the law's delay doubles with each wait, up to 20 s") {
  const RetryPolicy policy;
  CHECK(retry_delay(policy, RetryReason::transient, 0, 0.5) == Duration(25ms));
  CHECK(retry_delay(policy, RetryReason::transient, 1, 0.5) == Duration(50ms));
  CHECK(retry_delay(policy, RetryReason::transient, 2, 0) == Duration());
  CHECK(retry_delay(policy, RetryReason::throttled, 0, 0.25) == Duration(250ms));
  CHECK(retry_delay(policy, RetryReason::throttled, 4, 0.5) == Duration(8s));
  CHECK(retry_delay(policy, RetryReason::throttled, 5, 0.5) == Duration(10s));
  CHECK(retry_delay(policy, RetryReason::transient, 4'000'000'000U, 0.5) == Duration(10s));
}

TEST_CASE("a server's hint is kept to, up to the longest hint") {
  const RetryPolicy policy;
  CHECK(retry_delay(policy, RetryReason::throttled, 0, 0.5, ServerHint{3s}) == Duration(3s));
  CHECK(retry_delay(policy, RetryReason::transient, 0, 0.5, ServerHint{1ms}) == Duration(1ms));
  CHECK(retry_delay(policy, RetryReason::throttled, 0, 0.5, ServerHint{60s}) == Duration(60s));
  CHECK(retry_delay(policy, RetryReason::throttled, 0, 0.5, ServerHint{61s}) == Duration(60s));
}

TEST_CASE("a hint of AWS's own counts between our own delay and 5 s more") {
  const RetryPolicy policy;
  CHECK(retry_delay(policy, RetryReason::throttled, 0, 0.5, ServerHint{100ms, true}) == Duration(500ms));
  CHECK(retry_delay(policy, RetryReason::throttled, 0, 0.5, ServerHint{2s, true}) == Duration(2s));
  CHECK(retry_delay(policy, RetryReason::throttled, 0, 0.5, ServerHint{5500ms, true}) == Duration(5500ms));
  CHECK(retry_delay(policy, RetryReason::throttled, 0, 0.5, ServerHint{6s, true}) == Duration(5500ms));
}

TEST_CASE("a retry costs 14 tokens, 5 when throttled") {
  CHECK(retry_cost(RetryReason::transient) == 14);
  CHECK(retry_cost(RetryReason::throttled) == 5);
}
