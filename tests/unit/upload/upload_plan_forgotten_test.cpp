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

// ---- the server has forgotten the upload ----

TEST_CASE("an upload that the server has forgotten begins anew, once") {
  PlanScript script({.size = 30});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2, send 3");
  script.stored(1);
  script.fails(2, Verdict::no_upload, Code::not_found);
  CHECK(script.plan().wants_all_cancelled());
  CHECK(script.wants() == "nothing");
  script.stored(3);
  CHECK(script.wants() == "open");
  CHECK_FALSE(script.plan().wants_all_cancelled());
  CHECK(script.plan().progress().bytes_done == 0);
  script.opened("second");
  CHECK(script.wants() == "send 1, send 2, send 3");
  SUBCASE("and succeeds") {
    script.stored({1, 2, 3});
    CHECK(script.wants() == "complete");
    script.completed();
    CHECK(script.wants() == "finish");
    const auto result = script.plan().result();
    REQUIRE(result);
    CHECK(result->restarts == 1);
    CHECK(result->parts == 3);
    CHECK(result->crc64nvme == PlanScript::crc(0, 30));
    CHECK_FALSE(script.plan().is_left());
  }
  SUBCASE("and not twice") {
    script.fails(1, Verdict::no_upload, Code::not_found);
    script.stored({2, 3});
    const Error error = end_of(script);
    CHECK(error.code() == Code::not_found);
    CHECK(error.hint().find("begun anew once already") != std::string::npos);
    CHECK_FALSE(script.plan().is_left());
  }
}

TEST_CASE("a stream whose acknowledged parts the server has forgotten fails, and says why") {
  PlanScript script({.size = std::nullopt, .can_rewind = false});
  script.produced(10);
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1");
  script.stored(1);
  script.produced(10);
  CHECK(script.wants() == "send 2");
  script.fails(2, Verdict::no_upload, Code::not_found);
  CHECK_FALSE(script.plan().wants_bytes());
  const Error error = end_of(script);
  CHECK(error.code() == Code::not_found);
  CHECK(error.hint().find("cannot be read again") != std::string::npos);
}

TEST_CASE("a stream of which nothing is acknowledged yet begins anew: its bytes are still in memory") {
  PlanScript script({.size = std::nullopt, .can_rewind = false});
  script.produced(10);
  CHECK(script.wants() == "open");
  script.opened();
  script.produced(10);
  CHECK(script.wants() == "send 1, send 2");
  script.fails(1, Verdict::no_upload, Code::not_found);
  SUBCASE("also the part that was under way") {
    script.fails(2, Verdict::no_upload, Code::not_found);
    CHECK(script.wants() == "open");
    script.opened("second");
    CHECK(script.wants() == "send 1, send 2");
  }
  SUBCASE("but not if that one was acknowledged") {
    script.stored(2);
    CHECK(end_of(script).hint().find("cannot be read again") != std::string::npos);
  }
}

// ---- the completion of the upload before this one came late ----

namespace {

/// The completion of the first upload is lost, then somebody else is at the key, and its object is not there: the
/// second upload is about to be completed.
void begin_anew_in_doubt(PlanScript& script) {
  CHECK(script.all_stored() == "complete");
  script.call_fails(Code::outcome_unknown);
  CHECK(script.later() == "complete");
  script.call_fails(Code::conflict);
  CHECK(script.wants() == "look");
  script.looked(false);
  CHECK(script.wants() == "open");
  script.opened("second");
  CHECK(script.wants() == "send 1, send 2");
  script.stored({1, 2});
  CHECK(script.wants() == "complete");
}

}  // namespace

TEST_CASE("an object that the first upload made late is ours, and the second upload is aborted") {
  PlanScript script({.size = 20, .keep = true});
  begin_anew_in_doubt(script);
  script.call_fails(Code::already_exists);
  CHECK(script.wants() == "look");
  script.looked(true);
  CHECK(script.wants() == "abort");
  CHECK(script.plan().upload().upload_id == "second");
  script.aborted();
  CHECK(script.wants() == "finish");
  CHECK(script.plan().result());
  REQUIRE(script.plan().left().size() == 1);
  CHECK(script.plan().left()[0].upload_id == "first");
}

TEST_CASE("an object in the way that is not ours is told, also when the first upload is in doubt") {
  PlanScript script({.size = 20});
  begin_anew_in_doubt(script);
  script.call_fails(Code::already_exists);
  CHECK(script.wants() == "look");
  script.looked(false);
  CHECK(script.wants() == "abort");
  script.abort_fails();
  CHECK(end_of(script).code() == Code::already_exists);
  CHECK(script.plan().left().size() == 2);
}
