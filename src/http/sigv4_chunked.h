#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http/sigv4.h"

namespace docupilot::inline v1::http {

/// How a body is framed as "aws-chunked": in chunks, each signed or none, and perhaps with a checksum behind them.
struct ChunkFraming {
  bool is_signed = true;  ///< False only makes sense with a trailer.
  /// Data bytes of a chunk; the last may have fewer. Servers ask for 8 KiB to 16 MiB. Default 64 KiB.
  std::size_t chunk = std::size_t{64} << 10U;
  std::string_view trailer = {};       ///< "x-amz-checksum-crc64nvme", in lower case; empty: none. Not copied.
  std::size_t trailer_value_size = 0;  ///< Of the value that will come, 12 for a CRC-64.

  /// How long the line before a chunk of this size is.
  [[nodiscard]] std::size_t head_size(std::uint64_t size) const noexcept;
  /// The value of x-amz-content-sha256.
  [[nodiscard]] std::string_view payload_hash() const noexcept;
  /// How long a body of `decoded` bytes becomes: its Content-Length.
  [[nodiscard]] std::uint64_t encoded_size(std::uint64_t decoded) const noexcept;
};

/// What stands between the chunks of one body, made in their order.
class ChunkFrames {
 public:
  /// `seed` is what signing the request with `framing.payload_hash()` gave.
  ChunkFrames(ChunkFraming framing, Signed seed) : framing_(framing), seed_(std::move(seed)) {}

  /// What stands before so many bytes; "\r\n" stands behind them. `hash`: their SHA-256 in hexadecimal, of signed
  /// chunks alone.
  [[nodiscard]] std::string head(std::uint64_t size, std::string_view hash = {});
  /// The last chunk, which is empty, and the trailer with this value.
  [[nodiscard]] std::string end(std::string_view trailer_value = {});
  [[nodiscard]] const ChunkFraming& framing() const noexcept { return framing_; }

 private:
  /// `earlier` comes before the hash, of chunks alone.
  [[nodiscard]] std::string_view sign(std::string_view kind, std::string_view earlier, std::string_view hash);

  const ChunkFraming framing_;
  Signed seed_;       // its signature is that of the chunk before
  std::string text_;  // that was signed; its memory is used again
};

/// Sees each byte of a body once, in order, and is then asked for the trailer's value.
struct ChunkChecksum {
  std::function<void(ByteView)> update = {};
  std::function<std::string()> finish = {};
};

/// Frames a body of known size while it is read. The request must be signed first with `framing.payload_hash()`.
class AwsChunkedReader final : public Reader {
 public:
  /// `body` outlives this reader. Errors of `read`: those of the body; corrupted when it ends elsewhere than `decoded`.
  AwsChunkedReader(Reader& body, std::uint64_t decoded, ChunkFraming framing, Signed seed, ChunkChecksum checksum = {});

  [[nodiscard]] Result<std::size_t> read(MutableByteView into, const Context& context) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return frames_.framing().encoded_size(decoded_); }

 private:
  [[nodiscard]] Result<void> next_chunk(const Context& context);

  Reader& body_;
  const std::uint64_t decoded_;
  ChunkFrames frames_;
  ChunkChecksum checksum_;
  std::uint64_t rest_;
  std::vector<std::byte> data_;
  std::string frame_;  // the encoded bytes that are to be given next
  std::size_t given_ = 0;
  bool ended_ = false;
};

}  // namespace docupilot::inline v1::http
