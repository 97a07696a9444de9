#include "http/sigv4_chunked.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/try.h"
#include "crypto/digest.h"
#include "http/hex.h"

namespace docupilot::inline v1::http {

namespace {

constexpr std::string_view chunk_signature = ";chunk-signature=";
constexpr std::string_view trailer_signature = "x-amz-trailer-signature:";
constexpr std::size_t signature_size = 64;

std::string hex_number(std::uint64_t value) {
  std::string text;
  do text.insert(text.begin(), "0123456789abcdef"[value & 15U]);
  while ((value >>= 4U) != 0);
  return text;
}

Error wrong_size(std::uint64_t said) {
  return Error(ErrorCode::corrupted, "the reader said " + std::to_string(said) + " bytes and gave another number")
      .hint("the data changed while they were read: try again");
}

}  // namespace

std::string_view ChunkFraming::payload_hash() const noexcept {
  if (!is_signed) return streaming_unsigned_trailer;
  return trailer.empty() ? streaming_signed : streaming_signed_trailer;
}

std::size_t ChunkFraming::head_size(std::uint64_t size) const noexcept {
  return (static_cast<std::size_t>(std::bit_width(size | 1U)) + 3) / 4 +
         (is_signed ? chunk_signature.size() + signature_size : 0) + 2;
}

std::uint64_t ChunkFraming::encoded_size(std::uint64_t decoded) const noexcept {
  const std::uint64_t full = decoded / chunk;
  const std::uint64_t last = decoded % chunk;
  std::uint64_t size = full * (head_size(chunk) + chunk + 2) + (last == 0 ? 0 : head_size(last) + last + 2);
  size += head_size(0) + 2;
  if (!trailer.empty()) {
    size += trailer.size() + 1 + trailer_value_size + 2;
    if (is_signed) size += trailer_signature.size() + signature_size + 2;
  }
  return size;
}

std::string_view ChunkFrames::sign(std::string_view kind, std::string_view earlier, std::string_view hash) {
  static constexpr std::string_view nobodys = "0000000000000000000000000000000000000000000000000000000000000000";
  static_assert(nobodys.size() == signature_size);
  if (seed_.key == nullptr) return nobodys;  // anonymous: nobody will look
  text_.clear();
  text_.reserve(320);
  (text_ += kind) += '\n';
  (text_ += seed_.date) += '\n';
  (text_ += seed_.key->scope) += '\n';
  (text_ += seed_.signature) += '\n';
  if (!earlier.empty()) (text_ += earlier) += '\n';
  text_ += hash;
  return seed_.signature = seed_.key->sign(text_);
}

std::string ChunkFrames::head(std::uint64_t size, std::string_view hash) {
  std::string line;
  line.reserve(framing_.head_size(size));
  line += hex_number(size);
  if (framing_.is_signed) (line += chunk_signature) += sign("AWS4-HMAC-SHA256-PAYLOAD", empty_payload, hash);
  line += "\r\n";
  return line;
}

std::string ChunkFrames::end(std::string_view trailer_value) {
  std::string text = head(0, empty_payload);
  if (!framing_.trailer.empty()) {
    text.reserve(static_cast<std::size_t>(framing_.encoded_size(0)));
    const std::size_t line = text.size();
    ((text += framing_.trailer) += ':') += trailer_value;
    text += '\n';
    const std::string hash = framing_.is_signed ? payload_hash(as_bytes(std::string_view(text).substr(line))) : "";
    text.insert(text.size() - 1, 1, '\r');
    if (framing_.is_signed) {
      ((text += trailer_signature) += sign("AWS4-HMAC-SHA256-TRAILER", {}, hash)) += "\r\n";
    }
  }
  text += "\r\n";
  return text;
}

AwsChunkedReader::AwsChunkedReader(Reader& body, std::uint64_t decoded, ChunkFraming framing, Signed seed,
                                   ChunkChecksum checksum)
    : body_(body),
      decoded_(decoded),
      frames_(framing, std::move(seed)),
      checksum_(std::move(checksum)),
      rest_(decoded) {}

Result<void> AwsChunkedReader::next_chunk(const Context& context) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(rest_, frames_.framing().chunk));
  data_.resize(std::max<std::size_t>(size, 1));
  std::size_t filled = 0;
  // Behind the last byte it is asked once more, so that a body that goes on is noticed.
  while (filled < size || size == 0) {
    DOCUPILOT_TRY(const std::size_t count, body_.read(std::span(data_).subspan(filled), context));
    if (size == 0 && count == 0) break;
    if (count == 0 || count > size - filled) return wrong_size(decoded_);
    filled += count;
  }
  const ByteView data = std::span(data_).first(size);
  rest_ -= size;
  if (checksum_.update && size > 0) checksum_.update(data);
  if (size == 0) {
    ended_ = true;
    frame_ = frames_.end(checksum_.finish ? checksum_.finish() : std::string());
    return {};
  }
  frame_ = frames_.head(size, frames_.framing().is_signed ? payload_hash(data) : std::string());
  (frame_ += as_text(data)) += "\r\n";
  return {};
}

Result<std::size_t> AwsChunkedReader::read(MutableByteView into, const Context& context) {
  if (given_ == frame_.size()) {
    if (ended_) return std::size_t{0};
    given_ = 0;
    DOCUPILOT_CHECK(next_chunk(context));
  }
  const std::size_t count = std::min(into.size(), frame_.size() - given_);
  std::memcpy(into.data(), frame_.data() + given_, count);
  given_ += count;
  return count;
}

}  // namespace docupilot::inline v1::http
