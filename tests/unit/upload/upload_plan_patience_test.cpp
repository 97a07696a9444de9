#include <doctest/doctest.h>

#include "unit/upload/plan_script.h"

using namespace docupilot;
using namespace std::chrono_literals;
using docupilot_test::PlanScript;
using Code = ErrorCode;
using Verdict = PartVerdict;

// ---- patience ----

TEST_CASE("an outage is asked one probe each 1 to 20 s, and all go on once one is acknowledged") {
  PlanScript script({.size = 60, .attempts = 1, .connections = 3});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2, send 3");
  script.fails(1);
  CHECK(script.plan().waiting());
  CHECK(script.wants() == "nothing");
  CHECK(script.waits() == Duration(10'500ms));
  script.fails(2);
  script.fails(3);
  CHECK(script.wants() == "nothing");
  CHECK(script.later() == "send 1 (2)");
  CHECK(script.wants() == "nothing");
  script.chance = 0;
  script.fails(1);
  CHECK(script.wants() == "nothing");
  CHECK(script.waits() == Duration(1s));
  script.pass(999ms);
  CHECK(script.wants() == "nothing");
  script.pass(1ms);
  CHECK(script.wants() == "send 3 (2)");  // who has waited longest
  script.stored(3);
  CHECK_FALSE(script.plan().waiting());
  CHECK(script.wants() == "send 1 (3), send 2 (2), send 4");
}

TEST_CASE("a probe that is mended goes again at once, and none of the others does") {
  PlanScript script({.size = 60, .attempts = 1, .connections = 3});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2, send 3");
  script.fails(1);
  script.fails(2);
  script.fails(3);
  CHECK(script.later() == "send 1 (2)");
  for (int attempt = 3; attempt <= 5; ++attempt) {
    script.fails(1, Verdict::mended, Code::unauthenticated);
    CHECK(script.wants() == "send 1 (" + std::to_string(attempt) + ")");
  }
  script.fails(1, Verdict::mended, Code::unauthenticated);
  CHECK(script.wants() == "abort");
}

TEST_CASE("a probe waits at least as long as the server asks") {
  PlanScript script({.size = 5, .attempts = 1});
  CHECK(script.wants() == "send 0");
  script.fails(0, Verdict::throttled, Code::rate_limited, 40s);
  script.wants();
  CHECK(script.waits() == Duration(40s));
}

TEST_CASE("after 15 minutes without an acknowledged byte it fails, and says so") {
  PlanScript script({.size = 20, .attempts = 1, .connections = 1});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1");
  script.pass(30s);
  const Duration begin = script.now;
  script.fails(1);
  unsigned probes = 0;
  for (std::string wanted = script.later(); wanted.starts_with("send 1"); wanted = script.later()) {
    ++probes;
    script.fails(1);
    if (script.wants() == "abort") break;
  }
  // Every 10.5 s: 85 of them in 892.5 s, the next would come after 15 minutes.
  CHECK(probes == 85);
  CHECK(script.now.nanoseconds() - begin.nanoseconds() == Duration(892'500ms).nanoseconds());
  script.aborted();
  CHECK(script.wants() == "finish");
  const auto result = script.plan().result();
  CHECK(result.error().code() == Code::unavailable);
  CHECK(result.error().retryable());
  CHECK(result.error().attempts() == 86);
  CHECK(result.error().hint().find("nothing was acknowledged for 900 s") != std::string::npos);
}

TEST_CASE("patience counts from the first failure after the last acknowledged byte") {
  PlanScript script({.size = std::nullopt, .can_rewind = false, .patience = 60s, .attempts = 1});
  script.produced(10);
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1");
  script.stored(1);
  script.pass(2h);  // the stream had nothing to say
  script.produced(10);
  CHECK(script.wants() == "send 2");
  script.fails(2);
  CHECK(script.later() == "send 2 (2)");
}

TEST_CASE("who has no patience fails when the attempts of a part have run out") {
  PlanScript script({.size = 20, .patience = Duration(), .connections = 1});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1");
  script.fails(1);
  CHECK(script.later() == "send 1 (2)");
  script.fails(1);
  CHECK(script.later() == "send 1 (3)");
  script.fails(1);
  CHECK(script.wants() == "abort");
  script.aborted();
  CHECK(script.wants() == "finish");
  const auto result = script.plan().result();
  CHECK(result.error().attempts() == 3);
  CHECK(result.error().hint().find("it was tried 3 times") != std::string::npos);
}

TEST_CASE("what is under way when patience ends may still save the upload") {
  PlanScript script({.size = 30, .patience = 20s, .attempts = 1, .connections = 2});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2");
  script.fails(1);
  CHECK(script.later() == "send 1 (2)");
  script.fails(1);
  CHECK(script.wants() == "nothing");
  CHECK(script.waits() == Duration(-1));
  SUBCASE("it is acknowledged") {
    script.stored(2);
    CHECK(script.wants() == "send 1 (3), send 3");
  }
  SUBCASE("it fails too") {
    script.fails(2);
    CHECK(script.wants() == "abort");
  }
}

TEST_CASE("a call that fails is tried again with patience") {
  PlanScript script({.size = 20});
  CHECK(script.wants() == "open");
  script.call_fails();
  CHECK(script.plan().waiting());
  CHECK(script.wants() == "nothing");
  CHECK(script.waits() == Duration(10'500ms));
  CHECK(script.later() == "open");
  script.call_fails(Code::outcome_unknown);
  CHECK(script.later() == "open");
  script.opened();
  CHECK_FALSE(script.plan().waiting());
  CHECK(script.wants() == "send 1, send 2");
}

TEST_CASE("a call that is refused for good ends the upload") {
  PlanScript script({.size = 20});
  CHECK(script.wants() == "open");
  script.call_fails(Code::permission_denied);
  CHECK(script.wants() == "finish");
  CHECK(script.plan().result().error().code() == Code::permission_denied);
}

TEST_CASE("patience with a store that cannot be opened ends too") {
  PlanScript script({.size = 20});
  CHECK(script.wants() == "open");
  unsigned calls = 1;
  script.call_fails();
  while (script.later() == "open") {
    ++calls;
    script.call_fails();
    if (script.waits() < Duration()) break;
  }
  CHECK(calls == 86);
  CHECK(script.wants() == "finish");
  CHECK(script.plan().result().error().code() == Code::unavailable);
}

// ---- pauses ----

TEST_CASE("in a pause nothing is begun, and what fails then is not held against it") {
  PlanScript script({.size = 40, .attempts = 1, .connections = 2});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2");
  script.pause();
  script.fails(1);
  CHECK_FALSE(script.plan().waiting());
  CHECK(script.wants() == "nothing");
  CHECK(script.waits() == Duration(-1));
  script.pass(2h);
  script.resume();
  CHECK(script.wants() == "send 1 (2)");
  script.fails(2);  // was under way when the pause began
  CHECK_FALSE(script.plan().waiting());
  CHECK(script.wants() == "send 2 (2)");
  script.fails(2);
  CHECK(script.plan().waiting());
}

TEST_CASE("a stream is not read on in a pause") {
  PlanScript script({.size = std::nullopt, .can_rewind = false});
  script.pause();
  script.pause();
  CHECK_FALSE(script.plan().wants_bytes());
  script.resume();
  script.resume();
  CHECK(script.plan().wants_bytes());
}

TEST_CASE("a pause in an outage takes no patience, and behind it the store is asked at once") {
  PlanScript script({.size = 20, .patience = 60s, .attempts = 1, .connections = 1});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1");
  script.fails(1);
  script.wants();
  script.pause();
  script.pass(1h);
  CHECK(script.wants() == "nothing");
  script.resume();
  CHECK(script.wants() == "send 1 (2)");
  script.fails(1);
  CHECK(script.wants() == "nothing");
  CHECK(script.later() == "send 1 (3)");
}

TEST_CASE("a probe that fails in a pause goes again behind it") {
  PlanScript script({.size = 20, .attempts = 1, .connections = 1});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1");
  script.fails(1);
  CHECK(script.later() == "send 1 (2)");
  script.pause();
  script.fails(1);
  CHECK(script.wants() == "nothing");
  script.resume();
  CHECK(script.wants() == "send 1 (3)");
}

TEST_CASE("a call that fails in a pause goes again behind it") {
  PlanScript script({.size = 20});
  CHECK(script.wants() == "open");
  script.pause();
  script.call_fails();
  CHECK_FALSE(script.plan().waiting());
  CHECK(script.wants() == "nothing");
  script.resume();
  CHECK(script.wants() == "open");
}

TEST_CASE("patience that ended with something under way does not end the upload in a pause") {
  PlanScript script({.size = 30, .patience = 20s, .attempts = 1, .connections = 2});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2");
  script.fails(1);
  CHECK(script.later() == "send 1 (2)");
  script.fails(1);
  script.pause();
  script.fails(2);
  CHECK(script.wants() == "nothing");
  script.resume();
  CHECK(script.wants().starts_with("send"));
}

TEST_CASE("what is mended in a pause goes again behind it") {
  PlanScript script({.size = 5, .attempts = 1});
  CHECK(script.wants() == "send 0");
  script.pause();
  for (int i = 0; i < 2; ++i) {
    script.fails(0, Verdict::mended, Code::unauthenticated);
    CHECK(script.wants() == "nothing");
    script.resume();
    CHECK(script.wants().starts_with("send 0"));
    script.pause();
  }
  script.stored(0);
  CHECK(script.wants() == "finish");
  CHECK(script.plan().result());
}
