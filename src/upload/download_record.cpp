#include "upload/download_record.h"

#include <algorithm>

#include <docupilot/source/content_hash.h>

namespace docupilot::inline v1 {

namespace {

using Word = std::array<std::byte, 8>;

Word to_bytes(std::uint64_t number) noexcept {
  Word bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(number >> (8 * i));
  return bytes;
}

std::uint64_t to_number(ByteView bytes) noexcept {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) number |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  return number;
}

}  // namespace

DownloadRecord::DownloadRecord(const DownloadIdentity& identity) {
  std::string all = "docupilot download record 1\n";
  // Each with its length, so that no two identities write the same.
  for (const std::string& part : {identity.location, identity.key, identity.etag, std::to_string(identity.size),
                                  std::to_string(identity.range_size)}) {
    (((all += std::to_string(part.size())) += ':') += part) += '\n';
  }
  head_ = sha256(as_bytes(all));
}

std::uint64_t DownloadRecord::check_of(const Entry& entry) const noexcept {
  return crc64nvme(to_bytes(entry.crc64nvme), crc64nvme(to_bytes(entry.index), crc64nvme(head_)));
}

std::array<std::byte, DownloadRecord::entry_size> DownloadRecord::write(const Entry& entry) const noexcept {
  std::array<std::byte, entry_size> bytes;
  std::ranges::copy(to_bytes(entry.crc64nvme), bytes.begin());
  std::ranges::copy(to_bytes(check_of(entry)), bytes.begin() + 8);
  return bytes;
}

bool DownloadRecord::matches(ByteView record) const noexcept {
  return record.size() >= head_size && std::ranges::equal(record.first(head_size), head_);
}

std::vector<DownloadRecord::Entry> DownloadRecord::read(ByteView record, std::uint64_t ranges) const {
  std::vector<Entry> entries;
  if (!matches(record)) return entries;
  const std::uint64_t most = std::min<std::uint64_t>(ranges, (record.size() - head_size) / entry_size);
  for (std::uint64_t index = 0; index < most; ++index) {
    const ByteView bytes = record.subspan(offset_of(index), entry_size);
    const Entry entry{.index = index, .crc64nvme = to_number(bytes.first(8))};
    if (to_number(bytes.subspan(8)) == check_of(entry)) entries.push_back(entry);
  }
  return entries;
}

}  // namespace docupilot::inline v1
