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

/// To a completion whose reply was lost.
void lose_completion(PlanScript& script, Code code = Code::outcome_unknown) {
  REQUIRE(script.all_stored() == "complete");
  script.call_fails(code);
}

}  // namespace

TEST_CASE("a completion whose reply is lost is sent again at once, and the second reply counts") {
  PlanScript script({.size = 20});
  lose_completion(script);
  CHECK_FALSE(script.plan().waiting());
  CHECK(script.wants() == "nothing");
  CHECK(script.waits() == Duration(25ms));
  CHECK(script.later() == "complete");
  script.completed();
  CHECK(script.wants() == "finish");
  CHECK(script.plan().result());
}

TEST_CASE("a completion that is lost twice is sent again with patience") {
  PlanScript script({.size = 20});
  lose_completion(script);
  CHECK(script.later() == "complete");
  script.call_fails();
  CHECK(script.plan().waiting());
  script.wants();
  CHECK(script.waits() == Duration(10'500ms));
  CHECK(script.later() == "complete");
  script.completed();
  CHECK(script.wants() == "finish");
  CHECK(script.plan().result());
}

TEST_CASE("when the upload is gone behind a lost completion, a look decides") {
  PlanScript script({.size = 20});
  lose_completion(script);
  CHECK(script.later() == "complete");
  script.call_fails(Code::not_found);
  CHECK(script.wants() == "look");
  SUBCASE("the object is ours") {
    script.looked(true);
    CHECK(script.wants() == "finish");
    const auto result = script.plan().result();
    REQUIRE(result);
    CHECK(result->restarts == 0);
    CHECK_FALSE(script.plan().is_left());
  }
  SUBCASE("it is not: the upload begins anew, and the next time that is the end") {
    script.looked(false);
    CHECK(script.wants() == "open");
    script.opened("second");
    CHECK(script.wants() == "send 1, send 2");
    script.stored({1, 2});
    CHECK(script.wants() == "complete");
    script.call_fails(Code::not_found);
    CHECK(script.wants() == "look");
    script.looked(false);
    CHECK(end_of(script).code() == Code::not_found);
  }
  SUBCASE("the look fails at first") {
    script.call_fails();
    CHECK(script.wants() == "nothing");
    CHECK(script.later() == "look");
    script.looked(true);
    CHECK(script.wants() == "finish");
    CHECK(script.plan().result());
  }
  SUBCASE("nobody may look") {
    script.call_fails(Code::permission_denied);
    CHECK(end_of(script).code() == Code::outcome_unknown);
  }
}

TEST_CASE("when patience ends behind a lost completion, it looks once, and the outcome is unknown") {
  PlanScript script({.size = 20, .patience = 20s});
  lose_completion(script);
  CHECK(script.later() == "complete");
  script.call_fails();
  CHECK(script.later() == "complete");
  script.call_fails();
  CHECK(script.wants() == "look");
  SUBCASE("unless the object is ours") {
    script.looked(true);
    CHECK(script.wants() == "abort");  // of what may be left, if the object is an earlier run's
    script.aborted();
    CHECK(script.wants() == "finish");
    CHECK(script.plan().result());
    return;
  }
  SUBCASE("it is not there yet") { script.looked(false); }
  SUBCASE("the look fails") { script.call_fails(); }
  // Nothing is aborted though nothing is kept: the completion may still be under way.
  CHECK(end_of(script).code() == Code::outcome_unknown);
  REQUIRE(script.plan().left().size() == 1);
  CHECK(script.plan().left()[0].upload_id == "first");
}

TEST_CASE("parts that a completion finds missing are asked for and sent again, twice at the most") {
  PlanScript script({.size = 30});
  CHECK(script.all_stored() == "complete");
  script.call_fails(Code::corrupted);
  CHECK(script.wants() == "list");
  script.listed({1, 3});
  CHECK(script.wants() == "send 2 (2)");
  script.stored(2);
  CHECK(script.wants() == "complete");
  script.call_fails(Code::corrupted);
  CHECK(script.wants() == "list");
  auto has = script.parts({1, 2, 3});
  has[0].etag = "another";
  has[2].crc64nvme = *has[2].crc64nvme ^ 1U;
  script.plan().listed(has, script.now);
  CHECK(script.wants() == "send 1 (2), send 3 (2)");
  script.stored({1, 3});
  CHECK(script.wants() == "complete");
  SUBCASE("then it succeeds") {
    script.completed();
    CHECK(script.wants() == "finish");
    CHECK(script.plan().result());
  }
  SUBCASE("a third time is the end") {
    script.call_fails(Code::corrupted);
    CHECK(script.wants() == "abort");
    script.aborted();
    CHECK(end_of(script).code() == Code::corrupted);
  }
}

TEST_CASE("parts that are missing behind a completion in doubt are not sent again: a look, then a new upload") {
  PlanScript script({.size = 20, .keep = true});
  lose_completion(script);
  CHECK(script.later() == "complete");
  script.call_fails(Code::corrupted);
  CHECK(script.wants() == "list");
  script.listed({2});
  CHECK(script.wants() == "look");
  SUBCASE("the object is there: what is left of its upload goes") {
    script.looked(true);
    CHECK(script.wants() == "abort");
    script.aborted();
    CHECK(script.wants() == "finish");
    CHECK(script.plan().result()->restarts == 0);
  }
  SUBCASE("it is not: the upload goes, and another one takes its place") {
    script.looked(false);
    CHECK(script.wants() == "abort");
    script.aborted();
    CHECK(script.wants() == "open");
    script.opened("second");
    CHECK(script.wants() == "send 1, send 2");
    script.stored({1, 2});
    CHECK(script.wants() == "complete");
    script.completed();
    CHECK(script.wants() == "finish");
    CHECK(script.plan().result()->restarts == 1);
  }
  CHECK_FALSE(script.plan().is_left());
}

TEST_CASE("a store that tells neither ETag nor checksum of its parts is believed by their sizes") {
  PlanScript script({.size = 20});
  CHECK(script.all_stored() == "complete");
  script.call_fails(Code::corrupted);
  CHECK(script.wants() == "list");
  script.plan().listed({{.number = 1, .size = 10, .etag = ""}, {.number = 2, .size = 9, .etag = ""}}, script.now);
  CHECK(script.wants() == "send 2 (2)");
}

TEST_CASE("a resumed part that the store has lost is no longer counted as resumed") {
  PlanScript script({.size = 20});
  script.opened("earlier", {1, 2});
  CHECK(script.wants() == "complete");
  script.call_fails(Code::corrupted);
  CHECK(script.wants() == "list");
  script.listed({2});
  CHECK(script.plan().progress().bytes_resumed == 10);
  CHECK(script.wants() == "send 1");
  script.stored(1);
  CHECK(script.wants() == "complete");
  script.completed();
  CHECK(script.wants() == "finish");
  CHECK(script.plan().result()->parts_resumed == 1);
}

TEST_CASE("a stream's part that the store has lost ends the upload, and the error says so") {
  PlanScript script({.size = std::nullopt, .can_rewind = false});
  script.produced(10);
  script.produced(10, true);
  CHECK(script.all_stored() == "complete");
  script.call_fails(Code::corrupted);
  CHECK(script.wants() == "list");
  SUBCASE("one is missing") {
    script.listed({1});
    CHECK(script.wants() == "abort");
    script.aborted();
    const Error error = end_of(script);
    CHECK(error.code() == Code::corrupted);
    CHECK(error.message().find("cannot be read again") != std::string::npos);
  }
  SUBCASE("all are there: the completion is sent again") {
    script.listed({1, 2});
    CHECK(script.wants() == "complete");
  }
}

TEST_CASE("a list that fails is asked again, and one of a forgotten upload leads to a look") {
  PlanScript script({.size = 20});
  CHECK(script.all_stored() == "complete");
  script.call_fails(Code::corrupted);
  CHECK(script.wants() == "list");
  SUBCASE("with patience") {
    script.call_fails();
    CHECK(script.later() == "list");
  }
  SUBCASE("forgotten") {
    script.call_fails(Code::not_found);
    CHECK(script.wants() == "look");
    script.looked(false);
    CHECK(script.wants() == "open");
  }
  SUBCASE("refused") {
    script.call_fails(Code::permission_denied);
    CHECK(script.wants() == "abort");
    script.aborted();
    CHECK(end_of(script).code() == Code::permission_denied);
  }
}

TEST_CASE("a conflict on completion begins a new upload, once, and leaves nothing of the old one") {
  PlanScript script({.size = 20, .keep = true});
  CHECK(script.all_stored() == "complete");
  script.call_fails(Code::conflict);
  CHECK(script.wants() == "abort");
  CHECK(script.plan().upload().upload_id == "first");
  script.aborted();
  CHECK(script.wants() == "open");
  script.opened("second");
  CHECK(script.wants() == "send 1, send 2");
  script.stored({1, 2});
  CHECK(script.wants() == "complete");
  SUBCASE("which succeeds") {
    script.completed();
    CHECK(script.wants() == "finish");
    CHECK(script.plan().result()->restarts == 1);
    CHECK_FALSE(script.plan().is_left());
  }
  SUBCASE("and no third") {
    script.call_fails(Code::conflict);
    CHECK(end_of(script).code() == Code::conflict);
    CHECK(script.plan().left().size() == 1);
  }
}

TEST_CASE("a condition that refuses the completion is final, and the upload of no use to another run") {
  for (const Code code : {Code::already_exists, Code::precondition_failed}) {
    PlanScript script({.size = 20, .keep = true});
    CHECK(script.all_stored() == "complete");
    script.call_fails(code);
    CHECK(script.wants() == "abort");
    script.aborted();
    CHECK(end_of(script).code() == code);
    CHECK_FALSE(script.plan().is_left());
  }
}

TEST_CASE("a condition that refuses a completion may speak of our own object, when an earlier reply was lost") {
  PlanScript script({.size = 20});
  lose_completion(script);
  CHECK(script.later() == "complete");
  script.call_fails(Code::already_exists);
  CHECK(script.wants() == "look");
  SUBCASE("it is ours") {
    script.looked(true);
    CHECK(script.wants() == "abort");
    script.aborted();
    CHECK(script.wants() == "finish");
    CHECK(script.plan().result());
  }
  SUBCASE("it is not, and nothing is aborted") {
    script.looked(false);
    const Error error = end_of(script);
    CHECK(error.code() == Code::already_exists);
    CHECK(script.plan().is_left());
  }
}

TEST_CASE("so it is with a whole") {
  PlanScript script({.size = 5});
  CHECK(script.wants() == "send 0");
  SUBCASE("after a lost reply it looks") {
    script.fails(0);
    CHECK(script.later() == "send 0 (2)");
    script.fails(0, Verdict::final, Code::precondition_failed);
    CHECK(script.wants() == "look");
    SUBCASE("ours") {
      script.looked(true);
      CHECK(script.wants() == "finish");
      CHECK(script.plan().result());
    }
    SUBCASE("not ours") {
      script.looked(false);
      CHECK(end_of(script).code() == Code::precondition_failed);
    }
    SUBCASE("the look fails at first") {
      script.call_fails();
      CHECK(script.later() == "look");
      script.looked(true);
      CHECK(script.wants() == "finish");
      CHECK(script.plan().result());
    }
    SUBCASE("nobody can look") {
      script.call_fails(Code::permission_denied);
      CHECK(end_of(script).code() == Code::outcome_unknown);
    }
  }
  SUBCASE("at once it is final") {
    script.fails(0, Verdict::final, Code::precondition_failed);
    CHECK(end_of(script).code() == Code::precondition_failed);
  }
  SUBCASE("after one that was only throttled it is final too") {
    script.fails(0, Verdict::throttled, Code::rate_limited);
    CHECK(script.later() == "send 0 (2)");
    script.fails(0, Verdict::final, Code::already_exists);
    CHECK(end_of(script).code() == Code::already_exists);
  }
  SUBCASE("an unknown outcome is looked after") {
    script.fails(0, Verdict::final, Code::outcome_unknown);
    CHECK(script.wants() == "look");
    script.looked(false);
    CHECK(end_of(script).code() == Code::outcome_unknown);
  }
}

TEST_CASE("a completion that is refused for good ends the upload") {
  PlanScript script({.size = 20});
  CHECK(script.all_stored() == "complete");
  script.call_fails(Code::permission_denied);
  CHECK(script.wants() == "abort");
  script.aborted();
  CHECK(end_of(script).code() == Code::permission_denied);
}
