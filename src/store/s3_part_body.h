#pragma once

#include <optional>
#include <string>
#include <vector>

#include <docupilot/store/part_sender.h>

#include "http/sigv4_chunked.h"

namespace docupilot::inline v1::s3 {

/// The best size of signed chunks where so many are hashed at a time (crypto::sha256_lanes): together they fill the
/// buffer that is sent from. 64 KiB, which AWS recommends, for up to four; 16 KiB for sixteen, when four times the
/// signatures cost a tenth of what the lanes save.
[[nodiscard]] std::size_t signed_chunk(std::size_t lanes) noexcept;

/// Puts the bytes of a body, and the frames around them, straight into the buffer that the transport sends from.
///
/// Signed chunks are read with gaps in front of them, as many as can be hashed together; hashed while they are in the
/// cache; and then the gaps are filled. Where the buffer has no room for a chunk they are framed in one of this object.
class PartBodySource final : public http::BodySource {
 public:
  /// `framing`: how, and `seed`: what signing the request gave; nothing: the bytes as they are. Begins with the body's
  /// first byte, so the body was rewound.
  PartBodySource(PartBody& body, std::optional<http::ChunkFraming> framing, http::Signed seed);

  [[nodiscard]] Result<std::optional<std::size_t>> read(MutableByteView into) override;
  [[nodiscard]] bool lends() const override { return !frames_ && body_.lends(); }
  [[nodiscard]] Result<std::optional<ByteView>> lend(std::size_t most) override;
  /// A signature is for one attempt.
  [[nodiscard]] bool rewind() override { return false; }

  /// How many bytes of the body were read.
  [[nodiscard]] std::uint64_t bytes_read() const noexcept { return size_ - left_; }
  /// What reading the body failed with.
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

 private:
  using Count = std::optional<std::size_t>;

  /// Bytes of the body, at most all that are left of it; nothing: none for now.
  [[nodiscard]] Result<Count> read_body(MutableByteView into);
  /// Whole chunks, as many as there is room for; nothing: none for now, and what came is held.
  [[nodiscard]] Result<Count> read_signed(MutableByteView into);
  /// Bytes of an unsigned chunk, which has begun.
  [[nodiscard]] Result<Count> read_unsigned(MutableByteView into);
  /// Fills one chunk of a signed body. False: for now it cannot be filled.
  [[nodiscard]] Result<bool> fill(MutableByteView chunk);
  [[nodiscard]] Result<void> end();
  [[nodiscard]] std::size_t give_pending(MutableByteView into);
  /// Counts so many bytes of the body, of which `most` were asked for.
  [[nodiscard]] Result<void> take(std::size_t count, std::size_t most);
  Error fail(Error why);

  PartBody& body_;
  const std::uint64_t size_;
  std::uint64_t left_;  // of the body, to be read
  std::optional<http::ChunkFrames> frames_;
  std::string pending_;  // encoded bytes that come next
  std::size_t given_ = 0;
  std::uint64_t chunk_left_ = 0;  // of the unsigned chunk that was begun
  std::vector<std::byte> held_;   // the beginning of a signed chunk that the body had no more for
  bool ended_ = false;
  std::optional<Error> error_;
};

}  // namespace docupilot::inline v1::s3
