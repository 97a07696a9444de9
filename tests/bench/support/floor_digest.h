#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

/// What the floors need to sign and to check, straight on OpenSSL and without a library between.
namespace floor_digest {

using Digest = std::array<unsigned char, 32>;

/// Of both, one behind the other. One thread.
[[nodiscard]] Digest sha256(std::string_view first, std::string_view second = {});
[[nodiscard]] inline std::string_view text_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}
/// HMAC-SHA256, of keys up to a block (64 bytes).
[[nodiscard]] Digest hmac(std::string_view key, std::string_view message);
void add_hex(std::string& out, const Digest& digest);
/// A CRC-64 as x-amz-checksum-crc64nvme has it.
[[nodiscard]] std::string base64_of_crc(std::uint64_t crc);
/// The signing key of a day ("20130524") for S3 in us-east-1.
[[nodiscard]] Digest day_key(std::string_view secret, std::string_view date);

}  // namespace floor_digest
