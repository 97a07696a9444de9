#include "http/sigv4_chunked.h"

#include <algorithm>
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

std::uint64_t ChunkFraming::encoded_size(std::uint64_t decoded) const noexcept {
  const auto head = [this](std::uint64_t length) -> std::uint64_t {
    return hex_number(length).size() + (is_signed ? chunk_signature.size() + signature_size : 0) + 2;
  };
  const std::uint64_t full = decoded / chunk;
  const std::uint64_t last = decoded % chunk;
  std::uint64_t size = full * (head(chunk) + chunk + 2) + (last == 0 ? 0 : head(last) + last + 2) + head(0) + 2;
  if (!trailer.empty()) {
    size += trailer.size() + 1 + trailer_value_size + 2;
    if (is_signed) size += trailer_signature.size() + signature_size + 2;
  }
  return size;
}

AwsChunkedReader::AwsChunkedReader(Reader& body, std::uint64_t decoded, ChunkFraming framing, Signed seed,
                                   ChunkChecksum checksum)
    : body_(body),
      decoded_(decoded),
      framing_(std::move(framing)),
      seed_(std::move(seed)),
      checksum_(std::move(checksum)),
      rest_(decoded) {}

std::string AwsChunkedReader::sign(std::string_view kind, std::string_view hashes) {
  if (seed_.key == nullptr) return std::string(signature_size, '0');  // anonymous: nobody will look
  std::string text;
  (text += kind) += '\n';
  (text += seed_.date) += '\n';
  (text += seed_.key->scope) += '\n';
  (text += seed_.signature) += '\n';
  text += hashes;
  return seed_.signature = seed_.key->sign(text);
}

Result<void> AwsChunkedReader::next_chunk(const Context& context) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(rest_, framing_.chunk));
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
  frame_ = hex_number(size);
  if (framing_.is_signed) {
    (frame_ += chunk_signature) +=
        sign("AWS4-HMAC-SHA256-PAYLOAD", std::string(empty_payload) + '\n' + payload_hash(data));
  }
  frame_ += "\r\n";
  if (size > 0) {
    (frame_ += as_text(data)) += "\r\n";
    return {};
  }
  ended_ = true;
  append_trailer();
  frame_ += "\r\n";
  return {};
}

void AwsChunkedReader::append_trailer() {
  if (framing_.trailer.empty()) return;
  const std::string line = framing_.trailer + ':' + checksum_.finish();
  (frame_ += line) += "\r\n";
  if (!framing_.is_signed) return;
  const std::string hash = payload_hash(as_bytes(line + '\n'));
  ((frame_ += trailer_signature) += sign("AWS4-HMAC-SHA256-TRAILER", hash)) += "\r\n";
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
