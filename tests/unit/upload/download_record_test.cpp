#include "upload/download_record.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace docupilot;

namespace {

using Entry = DownloadRecord::Entry;

const DownloadIdentity identity = {
    .location = "s3://bucket at here", .key = "a/b", .etag = "e1", .size = 1'000, .range_size = 100};

/// A record of ranges 0, 2 and 5 of ten.
std::vector<std::byte> some_record(const DownloadRecord& record) {
  std::vector<std::byte> bytes(DownloadRecord::offset_of(6));
  std::ranges::copy(record.head(), bytes.begin());
  for (const Entry& entry : {Entry{0, 11}, Entry{2, 0}, Entry{5, UINT64_MAX}}) {
    std::ranges::copy(record.write(entry), bytes.begin() + static_cast<std::ptrdiff_t>(record.offset_of(entry.index)));
  }
  return bytes;
}

}  // namespace

TEST_CASE("a record gives back what was written, and nothing of the gaps") {
  const DownloadRecord record(identity);
  const auto bytes = some_record(record);
  CHECK(record.read(bytes, 10) == std::vector<Entry>{{0, 11}, {2, 0}, {5, UINT64_MAX}});
  CHECK(record.read(bytes, 3) == std::vector<Entry>{{0, 11}, {2, 0}});
  CHECK(record.read({}, 10).empty());
}

TEST_CASE("a record of anything else than this very download is not believed") {
  const auto bytes = some_record(DownloadRecord(identity));
  std::vector<DownloadIdentity> others(6, identity);
  others[0].location += "/";
  others[1].key = "a/c";
  others[2].etag = "e2";
  others[3].size = 1'001;
  others[4].range_size = 101;
  others[5].location += "\n3:a/b";
  for (const auto& other : others) {
    const DownloadRecord record(other);
    CHECK_FALSE(record.matches(bytes));
    CHECK(record.read(bytes, 10).empty());
    // Not even where its first bytes are taken for right.
    auto mixed = bytes;
    std::ranges::copy(record.head(), mixed.begin());
    CHECK(record.read(mixed, 10).empty());
  }
}

TEST_CASE("a record with any bit flipped or cut anywhere tells nothing that is not so") {
  const DownloadRecord record(identity);
  const auto bytes = some_record(record);
  const auto truth = record.read(bytes, 10);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    const auto told = record.read(flipped, 10);
    REQUIRE(std::ranges::includes(truth, told, {}, &Entry::index, &Entry::index));
    for (const Entry& entry : told) REQUIRE(std::ranges::find(truth, entry) != truth.end());
    const std::size_t in = bit / 8;
    const bool is_gap = in >= DownloadRecord::head_size && ((in - DownloadRecord::head_size) / 16) % 5 != 0 &&
                        (in - DownloadRecord::head_size) / 16 != 2;
    REQUIRE(told.size() == (in < DownloadRecord::head_size ? 0 : is_gap ? 3 : 2));
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto told = record.read(ByteView(bytes).first(size), 10);
    REQUIRE(told.size() < truth.size());
    for (const Entry& entry : told) REQUIRE(std::ranges::find(truth, entry) != truth.end());
  }
}

TEST_CASE("an entry in the place of another is not believed") {
  const DownloadRecord record(identity);
  auto bytes = some_record(record);
  std::copy_n(bytes.begin() + 32, 16, bytes.begin() + 48);
  CHECK(record.read(bytes, 10) == std::vector<Entry>{{0, 11}, {2, 0}, {5, UINT64_MAX}});
}
