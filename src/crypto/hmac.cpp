#include "crypto/hmac.h"

#include <algorithm>

#include <openssl/crypto.h>

#include "crypto/digest.h"

namespace docupilot::inline v1::crypto {

namespace {
constexpr std::size_t block = 64;  // of SHA-256
}

// On two runs of one digest rather than EVP_MAC, whose algorithm would have to be looked up for every call.
std::array<std::byte, 32> hmac_sha256(ByteView key, ByteView message) {
  std::array<std::byte, block> padded{};
  if (key.size() > block) std::ranges::copy(sha256(key), padded.begin());
  else std::ranges::copy(key, padded.begin());
  for (std::byte& b : padded) b ^= std::byte{0x36};

  Digest digest = Digest::sha256();
  std::array<std::byte, 32> mac;
  digest.update(padded);
  digest.update(message);
  digest.finish(mac);
  for (std::byte& b : padded) b ^= std::byte{0x36 ^ 0x5c};
  digest.update(padded);
  digest.update(mac);
  digest.finish(mac);
  OPENSSL_cleanse(padded.data(), padded.size());
  return mac;
}

}  // namespace docupilot::inline v1::crypto
