#include "upload/part_schedule.h"

#include <doctest/doctest.h>

using namespace docupilot;

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;
constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30U;
constexpr std::uint64_t tebibyte = std::uint64_t{1} << 40U;

PartSchedule of_file(std::uint64_t size, unsigned connections = 16) {
  return PartSchedule({.size = size, .connections = connections});
}

/// The parts lie side by side, and the last number of them agrees with `parts_of`.
void check_consistency(const PartSchedule& schedule, std::uint64_t size) {
  const std::uint64_t parts = schedule.parts_of(size);
  REQUIRE(parts <= most_parts);
  std::uint64_t offset = 0;
  for (int number = 1; number <= static_cast<int>(parts); ++number) {
    if (schedule.offset_of(number) != offset) FAIL("part " << number << " does not begin where the one before ends");
    offset += schedule.size_of(number);
  }
  CHECK(offset >= size);
  CHECK(schedule.offset_of(static_cast<int>(parts)) <= size);
}

}  // namespace

TEST_CASE("parts of a file are 8 to 64 MiB, by its size and the connections") {
  CHECK(of_file(0).first() == 8 * mebibyte);
  CHECK(of_file(1).first() == 8 * mebibyte);
  CHECK(of_file(gibibyte).first() == 8 * mebibyte);
  CHECK(of_file(gibibyte + 1).first() == 9 * mebibyte);
  CHECK(of_file(4 * gibibyte).first() == 32 * mebibyte);
  CHECK(of_file(8 * gibibyte - 128 * mebibyte).first() == 63 * mebibyte);
  CHECK(of_file(8 * gibibyte).first() == 64 * mebibyte);
  CHECK(of_file(8 * gibibyte + 1).first() == 64 * mebibyte);
  CHECK(of_file(4 * gibibyte, 64).first() == 8 * mebibyte);
  CHECK(of_file(4 * gibibyte, 1).first() == 64 * mebibyte);
  CHECK(of_file(64 * mebibyte, 0).first() == 8 * mebibyte);
  CHECK_FALSE(of_file(4 * gibibyte).grows());
}

TEST_CASE("a file never has more than 10,000 parts") {
  const std::uint64_t fits = most_parts * 64 * mebibyte;
  CHECK(of_file(fits).first() == 64 * mebibyte);
  CHECK(of_file(fits).parts_of(fits) == most_parts);
  CHECK(of_file(fits + 1).first() == 65 * mebibyte);
  CHECK(of_file(fits + 1).parts_of(fits + 1) <= most_parts);
  const PartSchedule asked({.size = 100 * gibibyte, .part_size = 8 * mebibyte});
  CHECK(asked.first() == 11 * mebibyte);
  CHECK(asked.parts_of(100 * gibibyte) <= most_parts);
}

TEST_CASE("the largest file of parts of 5 GiB fits, and one byte more does not") {
  const std::uint64_t largest = most_parts * 5 * gibibyte;
  CHECK(of_file(largest).first() == 5 * gibibyte);
  CHECK(of_file(largest).parts_of(largest) == most_parts);
  CHECK(of_file(largest).largest() == largest);
  CHECK(of_file(largest + 1).first() == 5 * gibibyte);
  CHECK(of_file(largest + 1).parts_of(largest + 1) == most_parts + 1);
}

TEST_CASE("a part size that the caller asks for is kept to, between the store's limits") {
  const auto asked = [](std::uint64_t part_size) {
    return PartSchedule({.size = gibibyte, .part_size = part_size}).first();
  };
  CHECK(asked(5 * mebibyte) == 5 * mebibyte);
  CHECK(asked(5 * mebibyte - 1) == 5 * mebibyte);
  CHECK(asked(5 * mebibyte + 1) == 5 * mebibyte + 1);
  CHECK(asked(5 * gibibyte) == 5 * gibibyte);
  CHECK(asked(5 * gibibyte + 1) == 5 * gibibyte);
  CHECK(PartSchedule({.size = 10, .part_size = 1, .least = 1}).first() == 1);
  CHECK(PartSchedule({.size = 10, .part_size = 1, .least = 0, .most = 0}).first() == 1);
}

TEST_CASE("no part is larger than half of the memory, except that the store takes no smaller one") {
  const auto with = [](std::uint64_t memory) { return PartSchedule({.memory = memory}); };
  CHECK(with(16 * mebibyte).first() == 8 * mebibyte);
  CHECK(with(16 * mebibyte - 2).first() == 8 * mebibyte - 1);
  CHECK(with(10 * mebibyte).first() == 5 * mebibyte);
  CHECK(with(4 * mebibyte).first() == 5 * mebibyte);
  CHECK_FALSE(with(16 * mebibyte).grows());
  CHECK(with(16 * mebibyte + 2).grows());
}

TEST_CASE("parts of a stream are 8 MiB, and double after each 2,000") {
  const PartSchedule schedule({});
  CHECK(schedule.grows());
  CHECK(schedule.size_of(1) == 8 * mebibyte);
  CHECK(schedule.size_of(2'000) == 8 * mebibyte);
  CHECK(schedule.size_of(2'001) == 16 * mebibyte);
  CHECK(schedule.size_of(4'000) == 16 * mebibyte);
  CHECK(schedule.size_of(4'001) == 32 * mebibyte);
  CHECK(schedule.size_of(6'001) == 64 * mebibyte);
  CHECK(schedule.size_of(8'000) == 64 * mebibyte);
  CHECK(schedule.size_of(8'001) == 128 * mebibyte);
  CHECK(schedule.size_of(10'000) == 128 * mebibyte);
  CHECK(schedule.offset_of(2'001) == 2'000 * 8 * mebibyte);
  CHECK(schedule.offset_of(2'002) == 2'000 * 8 * mebibyte + 16 * mebibyte);
  CHECK(schedule.largest() == 2'000 * (8 + 16 + 32 + 64 + 128) * mebibyte);
  CHECK(schedule.parts_of(schedule.largest()) == most_parts);
  CHECK(schedule.parts_of(schedule.largest() + 1) == most_parts + 1);
  check_consistency(schedule, schedule.largest());
}

TEST_CASE("parts of a stream grow as far as memory allows: 484 GiB with 256 MiB of it") {
  const PartSchedule schedule({.memory = 256 * mebibyte});
  CHECK(schedule.size_of(10'000) == 128 * mebibyte);
  CHECK(schedule.largest() / gibibyte == 484);
  const PartSchedule small({.memory = 40 * mebibyte});
  CHECK(small.size_of(2'001) == 16 * mebibyte);
  CHECK(small.size_of(4'001) == 20 * mebibyte);
  CHECK(small.size_of(10'000) == 20 * mebibyte);
  check_consistency(small, small.largest());
}

TEST_CASE("where the store wants equal parts, those of a stream do not grow") {
  const PartSchedule schedule({.equal_parts = true});
  CHECK_FALSE(schedule.grows());
  CHECK(schedule.size_of(10'000) == 8 * mebibyte);
  CHECK(schedule.largest() == most_parts * 8 * mebibyte);
}

TEST_CASE("a stream that says its size has equal parts") {
  const PartSchedule schedule({.size = tebibyte, .memory = 512 * mebibyte});
  CHECK_FALSE(schedule.grows());
  CHECK(schedule.first() == 105 * mebibyte);
  check_consistency(schedule, tebibyte);
}

TEST_CASE("a source ends in its last part, on both sides of each border") {
  const PartSchedule equal({.size = gibibyte, .part_size = 8 * mebibyte});
  CHECK(equal.parts_of(0) == 1);
  CHECK(equal.parts_of(1) == 1);
  CHECK(equal.parts_of(8 * mebibyte - 1) == 1);
  CHECK(equal.parts_of(8 * mebibyte) == 1);
  CHECK(equal.parts_of(8 * mebibyte + 1) == 2);
  CHECK(equal.parts_of(16 * mebibyte) == 2);
  const PartSchedule growing({});
  CHECK(growing.parts_of(0) == 1);
  CHECK(growing.parts_of(8 * mebibyte) == 1);
  CHECK(growing.parts_of(8 * mebibyte + 1) == 2);
  const std::uint64_t first_sizes = 2'000 * 8 * mebibyte;
  CHECK(growing.parts_of(first_sizes) == 2'000);
  CHECK(growing.parts_of(first_sizes + 1) == 2'001);
  CHECK(growing.parts_of(first_sizes + 16 * mebibyte) == 2'001);
  CHECK(growing.parts_of(first_sizes + 16 * mebibyte + 1) == 2'002);
}

TEST_CASE("the largest numbers do no harm") {
  const PartSchedule huge({.size = UINT64_MAX, .most = UINT64_MAX});
  CHECK(huge.parts_of(UINT64_MAX) <= most_parts);
  const PartSchedule stream({.part_size = UINT64_MAX, .most = UINT64_MAX});
  CHECK(stream.size_of(10'000) >= stream.size_of(1));
  CHECK(stream.parts_of(UINT64_MAX) >= 1);
}
