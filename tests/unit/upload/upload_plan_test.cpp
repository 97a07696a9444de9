#include "upload/upload_plan.h"

#include <doctest/doctest.h>

#include "unit/upload/plan_script.h"

using namespace docupilot;
using namespace std::chrono_literals;
using docupilot_test::PlanScript;
using Code = ErrorCode;
using Verdict = PartVerdict;

// ---- the ways that go well ----

TEST_CASE("a source up to one part's size goes whole") {
  for (const std::uint64_t size : {0U, 1U, 10U}) {
    PlanScript script({.size = size});
    CHECK(script.wants() == "send 0");
    CHECK(script.plan().size_of(0) == size);
    script.stored(0);
    CHECK(script.wants() == "finish");
    const auto result = script.plan().result();
    REQUIRE(result);
    CHECK(result->parts == 0);
    CHECK(result->object.etag == "made");
    CHECK(result->crc64nvme == PlanScript::crc(0, size));
    CHECK(result->bytes_sent == size);
    CHECK_FALSE(script.plan().is_left());
  }
}

TEST_CASE("a larger source goes in parts, as many at a time as there are connections") {
  PlanScript script({.size = 45, .connections = 2});
  CHECK(script.wants() == "open");
  CHECK(script.wants() == "nothing");
  script.opened();
  CHECK(script.wants() == "send 1, send 2");
  CHECK(script.plan().lacks_connection());
  script.stored(2);
  CHECK(script.wants() == "send 3");
  script.stored({1, 3});
  CHECK(script.wants() == "send 4, send 5");
  CHECK_FALSE(script.plan().lacks_connection());
  CHECK(script.plan().offset_of(5) == 40);
  CHECK(script.plan().size_of(5) == 5);
  script.stored({4, 5});
  CHECK(script.wants() == "complete");
  CHECK(script.plan().parts().size() == 5);
  CHECK(script.plan().parts()[1].etag == "etag-2");
  script.completed();
  CHECK(script.wants() == "finish");
  CHECK(script.wants() == "nothing");
  const auto result = script.plan().result();
  REQUIRE(result);
  CHECK(result->parts == 5);
  CHECK(result->parts_resumed == 0);
  CHECK(result->crc64nvme == PlanScript::crc(0, 45));
  CHECK(result->bytes_sent == 45);
  CHECK(result->attempts_failed == 0);
  CHECK(result->restarts == 0);
  CHECK_FALSE(script.plan().is_left());
}

TEST_CASE("one byte more than a part goes in two") {
  PlanScript script({.size = 11});
  CHECK(script.all_stored() == "complete");
  CHECK(script.plan().parts().size() == 2);
  CHECK(script.plan().parts()[1].size == 1);
}

TEST_CASE("a stream is read on while no part of it waits for its first attempt") {
  PlanScript script({.size = std::nullopt, .can_rewind = false, .connections = 2});
  CHECK(script.wants() == "nothing");
  CHECK(script.plan().wants_bytes());
  script.produced(10);
  CHECK_FALSE(script.plan().wants_bytes());
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1");
  CHECK(script.plan().wants_bytes());
  CHECK_FALSE(script.plan().progress().parts_total);
  script.produced(10);
  script.produced(4, true);
  CHECK_FALSE(script.plan().wants_bytes());
  CHECK(script.wants() == "send 2");
  script.stored({1, 2});
  CHECK(script.wants() == "send 3");
  CHECK(script.plan().progress().parts_total == 3);
  CHECK(script.plan().progress().bytes_total == 24);
  script.stored(3);
  CHECK(script.wants() == "complete");
  script.completed();
  CHECK(script.wants() == "finish");
  CHECK(script.plan().result()->crc64nvme == PlanScript::crc(0, 24));
}

TEST_CASE("a stream that ends behind a full part has no empty one") {
  PlanScript script({.size = std::nullopt, .can_rewind = false});
  script.produced(10);
  script.produced(0, true);
  CHECK(script.all_stored() == "complete");
  CHECK(script.plan().parts().size() == 1);
}

TEST_CASE("a stream that ends with its first part goes whole, also one without bytes") {
  for (const std::uint64_t size : {0U, 3U, 10U}) {
    PlanScript script({.size = std::nullopt, .can_rewind = false});
    script.produced(size, true);
    CHECK(script.wants() == "send 0");
    CHECK(script.plan().size_of(0) == size);
    script.stored(0);
    CHECK(script.wants() == "finish");
    CHECK(script.plan().result()->crc64nvme == PlanScript::crc(0, size));
  }
}

TEST_CASE("a stream that gives fewer or more bytes than it said fails before it is completed") {
  for (const std::uint64_t last : {4U, 6U}) {
    PlanScript script({.size = 15, .can_rewind = false});
    script.produced(10);
    CHECK(script.wants() == "open");
    script.opened();
    script.produced(last, true);
    CHECK(script.wants() == "abort");
    script.aborted();
    CHECK(script.wants() == "finish");
    CHECK(script.plan().result().error().code() == Code::corrupted);
  }
}

TEST_CASE("what does not fit into 10,000 parts is refused") {
  const UploadPlanOptions fixed{
      .schedule = PartSchedule({.part_size = 10, .least = 1, .most = 10}), .size = 10 * most_parts + 1, .random = {}};
  UploadPlan plan(fixed, {});
  REQUIRE(plan.next({}, true)->kind == UploadAction::Kind::finish);
  CHECK(plan.result().error().code() == Code::too_large);
  UploadPlanOptions stream = fixed;
  stream.size.reset();
  stream.can_rewind = false;
  UploadPlan endless(stream, {});
  for (std::uint64_t i = 0; i < most_parts; ++i) endless.produced(10, false, {});
  CHECK(endless.next({}, true)->kind == UploadAction::Kind::open);
  endless.produced(1, true, {});
  CHECK(endless.wants_all_cancelled());
}

TEST_CASE("without multipart calls all goes in one request") {
  PlanScript file({.size = 1'000, .multipart = false});
  CHECK(file.wants() == "send 0");
  file.fails(0);
  CHECK(file.later() == "send 0 (2)");
  file.stored(0);
  CHECK(file.wants() == "finish");
  CHECK(file.plan().result());
}

TEST_CASE("without multipart calls a stream is sent once, and looked after when the reply is lost") {
  const PlanScript::Options options{.size = std::nullopt, .can_rewind = false, .multipart = false};
  PlanScript lost(options);
  CHECK(lost.wants() == "send 0");
  CHECK_FALSE(lost.plan().wants_bytes());
  lost.fails(0);
  CHECK(lost.wants() == "look");
  lost.looked(true);
  CHECK(lost.wants() == "finish");
  CHECK(lost.plan().result());

  PlanScript refused(options);
  CHECK(refused.wants() == "send 0");
  refused.fails(0, Verdict::throttled, Code::rate_limited);
  CHECK(refused.wants() == "finish");
  CHECK(refused.plan().result().error().code() == Code::rate_limited);
}

TEST_CASE("a resumed upload sends what its store lacks, and knows the checksum of the whole") {
  for (const bool asked_first : {false, true}) {
    PlanScript script({.size = 45});
    if (asked_first) CHECK(script.wants() == "open");
    script.opened("earlier", {1, 3, 5});
    CHECK(script.wants() == "send 2, send 4");
    CHECK(script.plan().progress().bytes_resumed == 25);
    CHECK(script.plan().progress().bytes_done == 25);
    script.stored({2, 4});
    CHECK(script.wants() == "complete");
    CHECK(script.plan().upload().upload_id == "earlier");
    script.completed();
    CHECK(script.wants() == "finish");
    const auto result = script.plan().result();
    REQUIRE(result);
    CHECK(result->parts_resumed == 3);
    CHECK(result->bytes_sent == 20);
    CHECK(result->crc64nvme == PlanScript::crc(0, 45));
  }
}

TEST_CASE("parts of an earlier run that do not fit the sizes of this one are sent again") {
  PlanScript script({.size = 20});
  auto has = script.parts({1, 2});
  has[1].size = 9;
  has.push_back({.number = 3, .size = 10, .etag = "x"});
  has.push_back({.number = 0, .size = 20, .etag = "x"});
  script.plan().opened(PlanScript::upload("earlier"), has, script.now);
  CHECK(script.wants() == "send 2");
}

TEST_CASE("what an earlier run began in parts goes on in parts, however small it is") {
  PlanScript script({.size = 5});
  script.opened("earlier");
  CHECK(script.wants() == "send 1");
  script.stored(1);
  CHECK(script.wants() == "complete");
}

TEST_CASE("a completion that an earlier run began is sent again, and its upload never aborted") {
  PlanScript script({.size = 20});
  script.plan().opened_completing(PlanScript::upload("earlier"), script.parts({1, 2}), script.now);
  CHECK(script.wants() == "complete");
  SUBCASE("and succeeds") {
    script.completed();
    CHECK(script.wants() == "finish");
    CHECK(script.plan().result()->parts_resumed == 2);
  }
  SUBCASE("and was done by then") {
    script.call_fails(Code::not_found);
    CHECK(script.wants() == "look");
    script.looked(true);
    CHECK(script.wants() == "finish");
    CHECK(script.plan().result()->parts_resumed == 2);
    CHECK_FALSE(script.plan().is_left());
  }
  SUBCASE("and was not done") {
    script.call_fails(Code::not_found);
    CHECK(script.wants() == "look");
    script.looked(false);
    CHECK(script.wants() == "open");
    script.opened("second");
    CHECK(script.wants() == "send 1, send 2");
    script.stored({1, 2});
    CHECK(script.wants() == "complete");
    script.completed();
    CHECK(script.wants() == "finish");
    CHECK(script.plan().result()->restarts == 1);
  }
  SUBCASE("and is cancelled") {
    script.cancel();
    script.call_fails(Code::cancelled);
    CHECK(script.wants() == "finish");
    CHECK(script.plan().left().size() == 1);
  }
}

TEST_CASE("an upload that is no answer to anything is ignored") {
  PlanScript script;
  CHECK(script.wants() == "open");
  script.opened();
  script.opened("other", {1});
  script.plan().opened_completing(PlanScript::upload("other"), {}, script.now);
  CHECK(script.plan().upload().upload_id == "first");
  CHECK(script.wants() == "send 1, send 2, send 3");
}

TEST_CASE("events for what is not under way are ignored") {
  PlanScript script;
  script.completed();
  script.looked(true);
  script.listed({1});
  script.aborted();
  script.call_fails();
  script.plan().replied(7, {.verdict = Verdict::final}, script.now);
  script.plan().replied(0, {.verdict = Verdict::stored}, script.now);
  script.plan().replied(-3, {.verdict = Verdict::stored}, script.now);
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2, send 3");
  script.stored(1);
  script.plan().replied(1, {.verdict = Verdict::final}, script.now);
  CHECK(script.plan().progress().parts_done == 1);
  CHECK_FALSE(script.plan().wants_all_cancelled());
}

TEST_CASE("progress tells acknowledged bytes and parts, failed attempts, pauses and waits") {
  PlanScript script({.size = 25, .attempts = 1});
  CHECK(script.wants() == "open");
  script.opened();
  CHECK(script.wants() == "send 1, send 2, send 3");
  script.stored(3);
  TransferProgress progress = script.plan().progress();
  CHECK(progress.bytes_total == 25);
  CHECK(progress.bytes_done == 5);
  CHECK(progress.parts_done == 1);
  CHECK(progress.parts_total == 3);
  script.fails(1);
  script.pause();
  progress = script.plan().progress();
  CHECK(progress.attempts_failed == 1);
  CHECK(progress.waiting);
  CHECK(progress.paused);
  script.stored(2);
  CHECK_FALSE(script.plan().progress().waiting);
}

TEST_CASE("an object of another size or checksum than what was sent is no success") {
  PlanScript other_size({.size = 20});
  CHECK(other_size.all_stored() == "complete");
  ObjectInfo object = other_size.object();
  object.size = 19;
  other_size.plan().completed(object, other_size.now);
  CHECK(other_size.wants() == "finish");
  CHECK(other_size.plan().result().error().code() == Code::corrupted);

  PlanScript other_bytes({.size = 20});
  CHECK(other_bytes.all_stored() == "complete");
  object = other_bytes.object();
  object.crc64nvme = PlanScript::crc(0, 20) ^ 1U;
  other_bytes.plan().completed(object, other_bytes.now);
  CHECK(other_bytes.wants() == "finish");
  CHECK(other_bytes.plan().result().error().code() == Code::corrupted);
}
