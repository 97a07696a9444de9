#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <docupilot/base/bytes.h>
#include <docupilot/base/document.h>
#include <docupilot/base/export.h>

namespace docupilot::inline v1 {

/// Which digests to compute; combine with `|`.
enum class Hashes : unsigned { none = 0, sha256 = 1, crc32c = 2, crc64nvme = 4, md5 = 8 };
[[nodiscard]] constexpr Hashes operator|(Hashes a, Hashes b) noexcept {
  return static_cast<Hashes>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr bool has(Hashes set, Hashes one) noexcept {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) != 0;
}

/// All digests of a stream in one pass over it, each block hashed by all while it is in the cache.
/// Not for two threads at a time. Feeding blocks of 16 KiB or more is fastest.
class DOCUPILOT_EXPORT ContentHash {
 public:
  explicit ContentHash(Hashes which = Hashes::sha256 | Hashes::crc64nvme);
  ~ContentHash();
  ContentHash(ContentHash&&) noexcept;
  ContentHash& operator=(ContentHash&&) noexcept;

  void update(ByteView bytes);
  /// How many bytes have been fed.
  [[nodiscard]] std::uint64_t size() const noexcept;
  /// The digests of all that was fed; the object is empty again afterwards.
  [[nodiscard]] Checksums finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// CRC-32C (Castagnoli, RFC 3720 B.4) of `bytes` after a stream whose value is `before`. "123456789" gives 0xe3069283.
[[nodiscard]] DOCUPILOT_EXPORT std::uint32_t crc32c(ByteView bytes, std::uint32_t before = 0) noexcept;

/// CRC-64/NVME (NVM Express 2.0, 5.2.1.3.4), likewise. "123456789" gives 0xae8b14860a799888.
[[nodiscard]] DOCUPILOT_EXPORT std::uint64_t crc64nvme(ByteView bytes, std::uint64_t before = 0) noexcept;

/// The CRC of A followed by B, from the CRC of each and the length of B, without the bytes.
/// Costs O(log length).
[[nodiscard]] DOCUPILOT_EXPORT std::uint32_t crc32c_combine(std::uint32_t a, std::uint32_t b,
                                                            std::uint64_t length_b) noexcept;
[[nodiscard]] DOCUPILOT_EXPORT std::uint64_t crc64nvme_combine(std::uint64_t a, std::uint64_t b,
                                                               std::uint64_t length_b) noexcept;

using Sha256Digest = std::array<std::byte, 32>;

/// SHA-256 (FIPS 180-4) of one block of memory.
[[nodiscard]] DOCUPILOT_EXPORT Sha256Digest sha256(ByteView bytes);

/// SHA-256 of several independent blocks, on one core four at a time over the SHA extensions or sixteen by AVX-512,
/// whichever is faster on this processor (some 2 times the speed of one after another), or by OpenSSL; `digests` must
/// be as long as `blocks`.
DOCUPILOT_EXPORT void sha256_many(std::span<const ByteView> blocks, std::span<Sha256Digest> digests);

/// Bytes as lower-case hexadecimal.
[[nodiscard]] DOCUPILOT_EXPORT std::string to_hex(ByteView bytes);

/// Which implementation runs on this processor, for benchmarks and bug reports: "crc32c: vpclmul, sha256: sha-ni x4".
[[nodiscard]] DOCUPILOT_EXPORT std::string hash_kernels();

}  // namespace docupilot::inline v1
