#include "store/s3_part_body.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/try.h"
#include "crypto/sha256_many.h"
#include "http/hex.h"
#include "store/s3_body.h"

namespace docupilot::inline v1::s3 {

namespace {

constexpr std::size_t piece = std::size_t{256} << 10U;         // of signed chunks, as the transport's buffers hold it
constexpr std::size_t largest_chunk = std::size_t{64} << 10U;  // a pause holds back what came of one
constexpr std::size_t smallest_chunk = std::size_t{8} << 10U;  // that AWS takes
constexpr std::size_t most_chunks = sha256_most_lanes;
static_assert(piece / most_chunks >= smallest_chunk);

}  // namespace

std::size_t signed_chunk(std::size_t lanes) noexcept {
  return std::clamp(piece / std::max<std::size_t>(lanes, 1), smallest_chunk, largest_chunk);
}

PartBodySource::PartBodySource(PartBody& body, std::optional<http::ChunkFraming> framing, http::Signed seed)
    : body_(body), size_(body.size()), left_(size_) {
  if (framing) frames_.emplace(*framing, std::move(seed));
}

Error PartBodySource::fail(Error why) {
  error_ = why;
  return why;
}

Result<PartBodySource::Count> PartBodySource::read_body(MutableByteView into) {
  into = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left_)));
  auto count = body_.read(into);
  if (!count) return fail(std::move(count).error());
  if (!*count) return Count();
  DOCUPILOT_CHECK(take(**count, into.size()));
  return count;
}

Result<std::optional<ByteView>> PartBodySource::lend(std::size_t most) {
  most = static_cast<std::size_t>(std::min<std::uint64_t>(most, left_));
  const auto lent = body_.lend(most);
  if (lent) DOCUPILOT_CHECK(take(lent->size(), most));
  return lent;
}

Result<void> PartBodySource::take(std::size_t count, std::size_t most) {
  if (count == 0 || count > most) {
    return fail(Error(ErrorCode::corrupted, "the body said " + std::to_string(size_) + " bytes and gave another number")
                    .hint("the data changed while they were read: try again"));
  }
  left_ -= count;
  return {};
}

std::size_t PartBodySource::give_pending(MutableByteView into) {
  const std::size_t count = std::min(into.size(), pending_.size() - given_);
  if (count > 0) std::memcpy(into.data(), pending_.data() + given_, count);
  given_ += count;
  if (given_ == pending_.size()) {
    pending_.clear();
    given_ = 0;
  }
  return count;
}

Result<void> PartBodySource::end() {
  std::string trailer;
  if (!frames_->framing().trailer.empty()) {
    const auto crc = body_.crc64nvme();
    if (!crc) {
      return fail(Error(ErrorCode::invalid_argument, "the body does not know its checksum at its end")
                      .hint("mend PartBody::crc64nvme"));
    }
    trailer = to_checksum(*crc);
  }
  pending_ = frames_->end(trailer);
  ended_ = true;
  return {};
}

Result<PartBodySource::Count> PartBodySource::read(MutableByteView into) {
  if (!frames_) return left_ == 0 ? Count(0) : read_body(into);
  std::size_t given = 0;
  for (;;) {
    given += give_pending(into.subspan(given));
    if (given == into.size() || (ended_ && pending_.empty())) return Count(given);
    if (left_ == 0 && held_.empty() && chunk_left_ == 0) {
      DOCUPILOT_CHECK(end());
      continue;
    }
    const MutableByteView room = into.subspan(given);
    DOCUPILOT_TRY(const Count count, frames_->framing().is_signed ? read_signed(room) : read_unsigned(room));
    if (!count) return given == 0 ? Count() : Count(given);
    given += *count;
    // What is left of this buffer would take a chunk through another one.
    if (*count > 0 && frames_->framing().is_signed && left_ > 0) return Count(given);
  }
}

Result<PartBodySource::Count> PartBodySource::read_unsigned(MutableByteView into) {
  if (chunk_left_ == 0) {
    chunk_left_ = std::min<std::uint64_t>(left_, frames_->framing().chunk);
    pending_ = frames_->head(chunk_left_);
    return Count(0);
  }
  const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), chunk_left_));
  DOCUPILOT_TRY(const Count count, read_body(into.first(room)));
  if (!count) return Count();
  chunk_left_ -= *count;
  if (chunk_left_ == 0) pending_ = "\r\n";
  return count;
}

Result<bool> PartBodySource::fill(MutableByteView chunk) {
  std::size_t filled = held_.size();
  if (filled > 0) std::memcpy(chunk.data(), held_.data(), filled);
  held_.clear();
  while (filled < chunk.size()) {
    DOCUPILOT_TRY(const Count count, read_body(chunk.subspan(filled)));
    if (!count) {
      held_.assign(chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(filled));
      return false;
    }
    filled += *count;
  }
  return true;
}

Result<PartBodySource::Count> PartBodySource::read_signed(MutableByteView into) {
  const http::ChunkFraming& framing = frames_->framing();
  std::array<MutableByteView, most_chunks> chunks;
  const auto lay_out = [&](MutableByteView room, std::uint64_t left) {
    std::size_t count = 0;
    for (std::size_t at = 0; count < most_chunks && left > 0; ++count) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, framing.chunk));
      const std::size_t begin = at + framing.head_size(size);
      if (begin + size + 2 > room.size()) break;
      chunks[count] = room.subspan(begin, size);
      left -= size;
      at = begin + size + 2;
    }
    return count;
  };
  const std::uint64_t left = left_ + held_.size();
  const bool fits = lay_out(into, left) > 0;
  if (!fits) {
    const std::size_t count = std::clamp<std::size_t>(piece / framing.chunk, 1, most_chunks);
    const std::uint64_t wanted = std::min<std::uint64_t>(left, count * framing.chunk);
    pending_.resize(static_cast<std::size_t>(wanted) + count * (framing.head_size(framing.chunk) + 2));
    into = {reinterpret_cast<std::byte*>(pending_.data()), pending_.size()};
  }
  const std::size_t planned = lay_out(into, left);
  std::size_t count = 0;
  std::array<ByteView, most_chunks> data;
  for (; count < planned; ++count) {
    auto filled = fill(chunks[count]);
    if (!filled) return std::move(filled).error();
    if (!*filled) break;
    data[count] = chunks[count];
  }
  std::array<std::array<std::byte, 32>, most_chunks> hashes;
  crypto::sha256_many(std::span(data).first(count), std::span(hashes).first(count));
  std::size_t end = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string head = frames_->head(chunks[i].size(), http::hex(hashes[i]));
    std::memcpy(into.data() + end, head.data(), head.size());
    end += head.size() + chunks[i].size();
    std::memcpy(into.data() + end, "\r\n", 2);
    end += 2;
  }
  if (!fits) pending_.resize(end);
  if (count == 0) return Count();
  return Count(fits ? end : 0);
}

}  // namespace docupilot::inline v1::s3
