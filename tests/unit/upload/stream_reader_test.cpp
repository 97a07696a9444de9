#include "upload/stream_reader.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>

#include <docupilot/source/content_hash.h>

using namespace docupilot;

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

/// A stream of `size` bytes in pieces of a third of a megabyte.
std::unique_ptr<Source> stream_of(std::uint64_t size, std::optional<std::uint64_t> said = {}) {
  return callback_source(
      [left = size, next = std::uint8_t{0}](MutableByteView into) mutable -> Result<std::size_t> {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>({left, into.size(), 333'333}));
        for (std::byte& byte : into.first(count)) byte = static_cast<std::byte>(next++ * 7);
        left -= count;
        return count;
      },
      said);
}

struct Collected {
  std::vector<std::uint64_t> sizes;
  std::uint64_t crc = 0;
  bool last = false;
  std::optional<Error> error;
};

/// Reads all, giving each buffer back at once.
Collected collect(Source& source, std::uint64_t memory = 64 * mebibyte) {
  ByteBudget budget(memory);
  Collected all;
  std::mutex mutex;
  std::condition_variable changed;
  bool ended = false;
  const StreamReader reader(source, PartSchedule({.part_size = 5 * mebibyte, .memory = memory}), budget,
                            [&](Result<StreamReader::Part> part) {
                              const std::lock_guard lock(mutex);
                              if (!part) {
                                all.error = part.error();
                              } else {
                                all.sizes.push_back(part->size);
                                all.crc = crc64nvme_combine(all.crc, part->crc64nvme, part->size);
                                all.last = part->last;
                              }
                              ended = !part || part->last;
                              changed.notify_all();
                            },
                            {});
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return ended; });
  return all;
}

std::uint64_t crc_of(std::uint64_t size) {
  const auto source = stream_of(size);
  std::uint64_t sum = 0;
  std::vector<std::byte> block(1 << 16);
  while (const std::size_t count = source->read(block, {}).value()) sum = crc64nvme({block.data(), count}, sum);
  return sum;
}

}  // namespace

TEST_CASE("a stream becomes parts in memory, and the last of them is known as the last") {
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, 5 * mebibyte - 1, 5 * mebibyte, 5 * mebibyte + 1,
                                   10 * mebibyte, 12 * mebibyte}) {
    CAPTURE(size);
    const auto source = stream_of(size);
    const Collected all = collect(*source);
    REQUIRE_FALSE(all.error);
    CHECK(all.last);
    CHECK(all.sizes.size() == std::max<std::uint64_t>(1, (size + 5 * mebibyte - 1) / (5 * mebibyte)));
    std::uint64_t total = 0;
    for (const std::uint64_t part : all.sizes) total += part;
    CHECK(total == size);
    CHECK(all.crc == crc_of(size));
  }
}

TEST_CASE("a stream that is not as long as it said is an error, whichever way") {
  CHECK(collect(*stream_of(100, 101)).error);
  CHECK(collect(*stream_of(100, 99)).error);
  CHECK_FALSE(collect(*stream_of(100, 100)).error);
}

TEST_CASE("an error of the source ends the reading, with what it says") {
  const auto source = callback_source(
      [](MutableByteView) -> Result<std::size_t> { return Error(ErrorCode::permission_denied, "no more of this"); });
  const Collected all = collect(*source);
  REQUIRE(all.error);
  CHECK(all.error->code() == ErrorCode::permission_denied);
}

TEST_CASE("reading waits for memory, and ends when it is told to while it waits") {
  const auto source = stream_of(100 * mebibyte);
  ByteBudget budget(10 * mebibyte);
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<StreamReader::Part> kept;
  bool stopped = false;
  {
    const StreamReader reader(*source, PartSchedule({.part_size = 5 * mebibyte, .memory = 10 * mebibyte}), budget,
                              [&](Result<StreamReader::Part> part) {
                                const std::lock_guard lock(mutex);
                                if (part) kept.push_back(*std::move(part));
                                else stopped = part.error().code() == ErrorCode::cancelled;
                                changed.notify_all();
                              },
                              {});
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return kept.size() == 2; });
  }
  CHECK(kept.size() == 2);
  CHECK(stopped);
}
