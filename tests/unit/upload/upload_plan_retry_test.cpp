#include <doctest/doctest.h>

#include "unit/upload/plan_script.h"

using namespace docupilot;
using namespace std::chrono_literals;
using docupilot_test::PlanScript;
using Code = ErrorCode;
using Verdict = PartVerdict;

// ---- attempts of a part ----

TEST_CASE("a part is tried three times with the waits of the law") {
  PlanScript script({.size = 20, .connections = 1});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1");
  script.fails(1);
  CHECK(script.wants() == "nothing");
  CHECK(script.waits() == Duration(25ms));
  script.pass(24ms);
  CHECK(script.wants() == "nothing");
  CHECK(script.later() == "send 1 (2)");
  script.fails(1);
  CHECK(script.wants() == "nothing");
  CHECK(script.waits() == Duration(50ms));
  CHECK(script.later() == "send 1 (3)");
  script.stored(1);
  CHECK(script.wants() == "send 2");
  script.stored(2);
  CHECK(script.wants() == "complete");
  script.completed();
  CHECK(script.wants() == "finish");
  const auto result = script.plan().result();
  CHECK(result->attempts_failed == 2);
  CHECK(result->bytes_sent == 22);
}

TEST_CASE("who is told to slow down waits longer, and as long as the server asks") {
  PlanScript script;
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2, send 3");
  script.fails(1, Verdict::throttled, Code::rate_limited);
  script.wants();
  CHECK(script.waits() == Duration(500ms));
  script.stored(2);
  script.fails(3, Verdict::throttled, Code::rate_limited, 200ms);
  script.wants();
  CHECK(script.waits() == Duration(200ms));
  CHECK(script.later() == "send 3 (2)");
  script.fails(3, Verdict::throttled, Code::rate_limited, 90s);
  script.wants();
  CHECK(script.later() == "send 1 (2)");
  script.fails(1, Verdict::throttled, Code::rate_limited, 7s, true);
  script.wants();
  CHECK(script.waits() == Duration(6s));  // own delay of 1 s and at most 5 s more
  CHECK(script.later() == "send 1 (3)");
  script.stored(1);
  script.wants();
  CHECK(script.waits() == Duration(53'700ms));  // 60 s since the longest hint, less what passed
}

TEST_CASE("no fresh part begins while as many wait to go again as are under way") {
  PlanScript script({.size = 100, .connections = 2});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2");
  script.fails(1, Verdict::throttled, Code::rate_limited);
  CHECK(script.wants() == "nothing");
  script.stored(2);
  CHECK(script.wants() == "nothing");
  CHECK(script.later() == "send 1 (2), send 3");
}

TEST_CASE("of three connections, two go on when one part has to wait") {
  PlanScript script({.size = 100, .connections = 3});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2, send 3");
  script.fails(1);
  CHECK(script.wants() == "send 4");
}

TEST_CASE("what is mended goes again at once, three times for a part, and counts as no attempt") {
  PlanScript script({.size = 5});
  CHECK(script.wants() == "send 0");
  script.fails(0, Verdict::mended, Code::unauthenticated);
  CHECK(script.wants() == "send 0 (2)");
  script.fails(0);
  CHECK(script.later() == "send 0 (3)");
  script.fails(0, Verdict::mended, Code::unauthenticated);
  CHECK(script.wants() == "send 0 (4)");
  script.fails(0, Verdict::mended, Code::unauthenticated);
  CHECK(script.wants() == "send 0 (5)");
  SUBCASE("a fourth time is too much") {
    script.fails(0, Verdict::mended, Code::unauthenticated);
    CHECK(script.wants() == "finish");
    CHECK(script.plan().result().error().code() == Code::unauthenticated);
  }
  SUBCASE("the attempts that fail are still three") {
    script.fails(0);
    CHECK(script.later() == "send 0 (6)");
    script.fails(0);
    CHECK(script.plan().waiting());
  }
}

TEST_CASE("a part that is refused for good ends the upload with its error") {
  PlanScript script;
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2, send 3");
  script.stored(2);
  script.fails(1, Verdict::final, Code::permission_denied);
  CHECK(script.plan().wants_all_cancelled());
  CHECK(script.wants() == "nothing");
  script.fails(3, Verdict::final, Code::cancelled);
  CHECK(script.wants() == "abort");
  CHECK_FALSE(script.plan().wants_all_cancelled());
  script.aborted();
  CHECK(script.wants() == "finish");
  const auto result = script.plan().result();
  CHECK(result.error().code() == Code::permission_denied);
  CHECK(result.error().message() == "part 1 failed");
  CHECK_FALSE(script.plan().is_left());
}

TEST_CASE("a failure without a reason is an error too") {
  PlanScript script({.size = 5});
  CHECK(script.wants() == "send 0");
  script.plan().replied(0, {.verdict = Verdict::final}, script.now);
  CHECK(script.wants() == "finish");
  CHECK(script.plan().result().error().code() == Code::internal);
}

// ---- the bucket ----

TEST_CASE("a retry takes from the bucket, and its success gives back; an empty one leaves it to patience") {
  TokenBucket bucket(20);
  PlanScript script({.size = 20, .bucket = &bucket, .connections = 2});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2");
  script.fails(1);
  CHECK(bucket.left() == 6);
  CHECK_FALSE(script.plan().waiting());
  script.fails(2);
  CHECK(bucket.left() == 6);
  CHECK(script.plan().waiting());
  CHECK(script.wants() == "nothing");
  script.pass(1s);
  CHECK(script.wants() == "nothing");
  CHECK(script.later() == "send 1 (2)");
  script.stored(1);
  CHECK(bucket.left() == 20);
  CHECK(script.wants() == "send 2 (2)");
  script.stored(2);
  CHECK(bucket.left() == 20);
}

TEST_CASE("a retry that was told to slow down takes 5, a first attempt that succeeds gives 1") {
  TokenBucket bucket(20);
  CHECK(bucket.take(10));
  PlanScript script({.size = 20, .bucket = &bucket});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2");
  script.stored(1);
  CHECK(bucket.left() == 11);
  script.fails(2, Verdict::throttled, Code::rate_limited);
  CHECK(bucket.left() == 6);
  CHECK(script.later() == "send 2 (2)");
  script.stored(2);
  CHECK(bucket.left() == 11);
}
