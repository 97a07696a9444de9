#include "upload/download_plan.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <docupilot/source/content_hash.h>

#include <doctest/doctest.h>

#include "support/scripted_streams.h"

using namespace docupilot;
using namespace docupilot_test;

TEST_CASE("the ranges of a plan cover the object once, without a gap") {
  for (const std::uint64_t size : {0ULL, 1ULL, 99ULL, 100ULL, 101ULL, 1'000ULL, 6'553'601ULL}) {
    CAPTURE(size);
    DownloadPlan plan(size, 100);
    CHECK(plan.ranges() <= 65'536);
    std::uint64_t at = 0;
    std::uint64_t index = 0;
    while (const auto task = plan.next()) {
      CHECK(task->range.index == index++);
      CHECK(task->range.offset == at);
      CHECK_FALSE(task->look);
      at += task->range.length;
      plan.fetched(task->range.index, 0);
    }
    CHECK(at == size);
    CHECK(plan.complete());
    CHECK(plan.bytes_done() == size);
  }
}

TEST_CASE("very large objects have larger ranges, not more of them") {
  constexpr std::uint64_t mib = 1ULL << 20U;
  CHECK(DownloadPlan::range_size_for(65'536 * 8 * mib, 8 * mib) == 8 * mib);
  CHECK(DownloadPlan::range_size_for(65'536 * 8 * mib + 1, 8 * mib) == 8 * mib + 1);
  CHECK(DownloadPlan(UINT64_MAX, 8 * mib).ranges() <= 65'536);
}

TEST_CASE("what is recorded is looked at, and fetched when it is not as recorded or cannot be read") {
  DownloadPlan plan(250, 100);
  plan.recorded(0, 7);
  plan.recorded(1, 8);
  plan.recorded(2, 9);
  for (int i = 0; i < 3; ++i) CHECK(plan.next()->look);
  CHECK_FALSE(plan.next());
  CHECK(plan.has_any());
  plan.looked(2, 9);
  plan.looked(0, 6);
  plan.looked(1, std::nullopt);
  CHECK(plan.bytes_resumed() == 50);
  const auto first = plan.next();
  const auto second = plan.next();
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->range.index == 0);
  CHECK_FALSE(first->look);
  CHECK(second->range.index == 1);
  CHECK_FALSE(plan.next());
  plan.fetched(1, 1);
  CHECK_FALSE(plan.complete());
  plan.fetched(0, 1);
  CHECK(plan.complete());
  CHECK(plan.bytes_resumed() == 50);
  CHECK(plan.bytes_done() == 250);
}

TEST_CASE("a damaged range is fetched once more, and so is the whole") {
  DownloadPlan plan(200, 100);
  CHECK_FALSE(plan.has_any());
  CHECK(plan.next()->range.index == 0);
  CHECK(plan.next()->range.index == 1);
  CHECK(plan.damaged(0));
  CHECK(plan.next()->range.index == 0);
  CHECK_FALSE(plan.damaged(0));
  CHECK(plan.damaged(1));
  CHECK(plan.next()->range.index == 1);
  plan.fetched(0, 1);
  plan.fetched(1, 1);
  CHECK(plan.has_any());
  CHECK(plan.start_over());
  CHECK_FALSE(plan.has_any());
  CHECK(plan.bytes_done() == 0);
  CHECK(plan.next()->range.index == 0);
  CHECK(plan.next()->range.index == 1);
  CHECK_FALSE(plan.start_over());
}

TEST_CASE("the checksum of a plan is that of the bytes, in whatever order ranges came") {
  const std::string text = pattern(10'007);
  std::mt19937 random(1);
  for (const std::uint64_t range : {1'000U, 4'096U, 10'006U, 10'007U, 20'000U}) {
    DownloadPlan plan(text.size(), range);
    std::vector<DownloadPlan::Range> ranges;
    while (const auto task = plan.next()) ranges.push_back(task->range);
    std::ranges::shuffle(ranges, random);
    for (const auto& one : ranges) {
      plan.fetched(one.index, crc64nvme(as_bytes(std::string_view(text).substr(one.offset, one.length))));
    }
    CHECK(plan.crc64nvme() == crc64nvme(as_bytes(text)));
  }
}
