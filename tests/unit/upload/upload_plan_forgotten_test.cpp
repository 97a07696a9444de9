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
