#include <doctest/doctest.h>

#include "unit/upload/plan_script.h"

using namespace docupilot;
using namespace std::chrono_literals;
using docupilot_test::PlanScript;
using Code = ErrorCode;
using Verdict = PartVerdict;

namespace {

Error end_of(PlanScript& script) {
  REQUIRE(script.wants() == "finish");
  auto result = script.plan().result();
  REQUIRE_FALSE(result);
  return result.error();
}

}  // namespace

TEST_CASE("cancelled before it began, nothing was begun") {
  PlanScript script;
  script.cancel();
  CHECK(end_of(script).code() == Code::cancelled);
  CHECK_FALSE(script.plan().is_left());
}

TEST_CASE("cancelled while it opens") {
  PlanScript script;
  CHECK(script.wants() == "open");
  script.cancel();
  CHECK(script.plan().wants_all_cancelled());
  CHECK(script.wants() == "nothing");
  SUBCASE("the upload was begun nevertheless, and is aborted") {
    script.opened();
    CHECK(script.wants() == "abort");
    script.aborted();
  }
  SUBCASE("it was not") { script.call_fails(Code::cancelled); }
  CHECK(end_of(script).code() == Code::cancelled);
  CHECK_FALSE(script.plan().is_left());
}

TEST_CASE("cancelled while parts are under way: they are waited for, then it is aborted or kept") {
  for (const bool keep : {false, true}) {
    PlanScript script({.size = 40, .keep = keep, .connections = 2});
    CHECK(script.wants() == "open");
    script.opened();
    CHECK(script.wants() == "send 1, send 2");
    script.cancel();
    CHECK(script.wants() == "nothing");
    script.fails(1, Verdict::final, Code::cancelled);
    CHECK(script.wants() == "nothing");
    script.stored(2);
    CHECK(script.plan().progress().bytes_done == 10);
    if (!keep) {
      CHECK(script.wants() == "abort");
      script.aborted();
    }
    CHECK(end_of(script).code() == Code::cancelled);
    CHECK(script.plan().is_left() == keep);
    if (keep) CHECK(script.plan().left()[0].upload_id == "first");
  }
}

TEST_CASE("cancelled while parts wait to go again") {
  PlanScript script({.size = 20, .connections = 1});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1");
  script.fails(1);
  SUBCASE("for their turn") {}
  SUBCASE("with patience") {
    CHECK(script.later() == "send 1 (2)");
    script.fails(1);
    CHECK(script.later() == "send 1 (3)");
    script.fails(1);
    CHECK(script.plan().waiting());
  }
  SUBCASE("in a pause") { script.pause(); }
  script.cancel();
  CHECK(script.wants() == "abort");
  CHECK(script.waits() == Duration(-1));
  script.aborted();
  CHECK(end_of(script).code() == Code::cancelled);
}

TEST_CASE("cancelled while it completes") {
  PlanScript script({.size = 20});
  CHECK(script.all_stored() == "complete");
  script.cancel();
  CHECK(script.plan().wants_all_cancelled());
  SUBCASE("it was done: success") {
    script.completed();
    CHECK(script.wants() == "finish");
    CHECK(script.plan().result());
    CHECK_FALSE(script.plan().is_left());
  }
  SUBCASE("it was refused: aborted") {
    script.call_fails(Code::permission_denied);
    CHECK(script.wants() == "abort");
    script.aborted();
    CHECK(end_of(script).code() == Code::cancelled);
    CHECK_FALSE(script.plan().is_left());
  }
  SUBCASE("nobody knows: nothing is aborted, and the error says so") {
    script.call_fails(Code::cancelled);
    const Error error = end_of(script);
    CHECK(error.code() == Code::cancelled);
    CHECK(error.hint().find("whether the upload was completed is not known") != std::string::npos);
    CHECK(script.plan().is_left());
  }
}

TEST_CASE("cancelled while it looks") {
  PlanScript script({.size = 20});
  CHECK(script.all_stored() == "complete");
  script.call_fails(Code::outcome_unknown);
  CHECK(script.later() == "complete");
  script.call_fails(Code::not_found);
  CHECK(script.wants() == "look");
  script.cancel();
  SUBCASE("the object is ours: success") {
    script.looked(true);
    CHECK(script.wants() == "finish");
    CHECK(script.plan().result());
  }
  SUBCASE("it is not") {
    script.looked(false);
    CHECK(end_of(script).code() == Code::cancelled);
  }
  SUBCASE("nobody knows") {
    script.call_fails(Code::cancelled);
    CHECK(end_of(script).code() == Code::cancelled);
  }
}

TEST_CASE("cancelled while it lists") {
  PlanScript script({.size = 20});
  CHECK(script.all_stored() == "complete");
  script.call_fails(Code::corrupted);
  CHECK(script.wants() == "list");
  script.cancel();
  SUBCASE("with a list") { script.listed({1}); }
  SUBCASE("without one") { script.call_fails(Code::cancelled); }
  CHECK(script.wants() == "abort");
  script.aborted();
  CHECK(end_of(script).code() == Code::cancelled);
}

TEST_CASE("cancelled before it begins anew") {
  PlanScript script({.size = 20});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2");
  script.fails(1, Verdict::no_upload, Code::not_found);
  script.cancel();
  script.fails(2, Verdict::no_upload, Code::not_found);
  CHECK(end_of(script).code() == Code::cancelled);
  CHECK_FALSE(script.plan().is_left());
}

TEST_CASE("cancelled while it aborts, it ends as it would have") {
  PlanScript script({.size = 20});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2");
  script.fails(1, Verdict::final, Code::permission_denied);
  script.stored(2);
  CHECK(script.wants() == "abort");
  script.cancel();
  CHECK_FALSE(script.plan().wants_all_cancelled());
  script.aborted();
  CHECK(end_of(script).code() == Code::permission_denied);
}

TEST_CASE("a whole that is cancelled succeeds when it was stored by then") {
  PlanScript script({.size = 5});
  CHECK(script.wants() == "send 0");
  script.cancel();
  SUBCASE("stored") {
    script.stored(0);
    CHECK(script.wants() == "finish");
    CHECK(script.plan().result());
  }
  SUBCASE("not stored") {
    script.fails(0, Verdict::final, Code::cancelled);
    CHECK(end_of(script).code() == Code::cancelled);
  }
}

TEST_CASE("an abort is tried once; when it fails the upload is told to be left") {
  PlanScript script({.size = 20});
  CHECK(script.wants() == "open");
  script.opened();
  script.cancel();
  CHECK(script.wants() == "abort");
  script.abort_fails();
  CHECK(end_of(script).code() == Code::cancelled);
  REQUIRE(script.plan().left().size() == 1);
  CHECK(script.plan().left()[0].upload_id == "first");
}

TEST_CASE("when an upload begins anew and the first one could not be aborted, it is told to be left") {
  PlanScript script({.size = 20});
  CHECK(script.all_stored() == "complete");
  script.call_fails(Code::conflict);
  CHECK(script.wants() == "abort");
  script.abort_fails();
  CHECK(script.wants() == "open");
  script.opened("second");
  script.cancel();
  CHECK(script.wants() == "abort");
  script.abort_fails();
  CHECK(end_of(script).code() == Code::cancelled);
  CHECK(script.plan().left().size() == 2);
}

TEST_CASE("a deadline that passes ends it like a cancel") {
  PlanScript script({.size = 20, .keep = true});
  CHECK(script.wants() == "open");
  script.opened();
  script.plan().cancel(Error(Code::timeout, "the deadline passed"), script.now);
  CHECK(end_of(script).code() == Code::timeout);
  CHECK(script.plan().is_left());
}

// ---- the source ----

TEST_CASE("a source that fails ends the upload, aborted or kept") {
  for (const bool keep : {false, true}) {
    PlanScript script({.size = 20, .keep = keep});
    CHECK(script.wants() == "open");
    script.opened();
    CHECK(script.wants() == "send 1, send 2");
    script.plan().source_failed(Error(Code::internal, "input/output error"), script.now);
    CHECK(script.plan().wants_all_cancelled());
    script.stored({1, 2});
    if (!keep) {
      CHECK(script.wants() == "abort");
      script.aborted();
    }
    CHECK(end_of(script).message() == "input/output error");
    CHECK(script.plan().is_left() == keep);
  }
}

TEST_CASE("a source that is found changed before the completion is never completed") {
  PlanScript script({.size = 20});
  CHECK(script.all_stored() == "complete");
  script.plan().source_failed(Error(Code::precondition_failed, "the source changed"), script.now);
  CHECK(script.wants() == "abort");
  script.aborted();
  CHECK(end_of(script).code() == Code::precondition_failed);
  CHECK_FALSE(script.plan().is_left());
}

TEST_CASE("a stream that fails before its first part leaves nothing") {
  PlanScript script({.size = std::nullopt, .can_rewind = false});
  script.plan().source_failed(Error(Code::internal, "broken pipe"), script.now);
  CHECK_FALSE(script.plan().wants_bytes());
  CHECK(end_of(script).message() == "broken pipe");
  CHECK_FALSE(script.plan().is_left());
}

TEST_CASE("of several errors the first one counts") {
  PlanScript script({.size = 20});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2");
  script.fails(1, Verdict::final, Code::too_large);
  script.cancel();
  script.fails(2, Verdict::final, Code::permission_denied);
  CHECK(script.wants() == "abort");
  script.aborted();
  CHECK(end_of(script).code() == Code::too_large);
}
