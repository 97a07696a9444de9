#include "crypto/hmac.h"

#include <algorithm>
#include <span>
#include <vector>

#include <openssl/crypto.h>

#include "crypto/digest.h"

namespace docupilot::inline v1::crypto {

namespace {
constexpr std::size_t block = 64;  // of SHA-256
}

// On two digests rather than EVP_MAC, whose algorithm would have to be looked up for every call.
std::array<std::byte, 32> hmac_sha256(ByteView key, ByteView message) {
  std::array<std::byte, block + 448> usual;
  std::vector<std::byte> longer(block + message.size() > usual.size() ? block + message.size() : 0);
  const std::span<std::byte> inner =
      longer.empty() ? std::span(usual).first(block + message.size()) : std::span(longer);
  std::ranges::fill(inner.first(block), std::byte{});
  if (key.size() > block) std::ranges::copy(sha256(key), inner.begin());
  else std::ranges::copy(key, inner.begin());
  std::ranges::copy(message, inner.begin() + block);

  std::array<std::byte, block + 32> outer{};
  for (std::size_t i = 0; i < block; ++i) {
    outer[i] = inner[i] ^ std::byte{0x5c};
    inner[i] ^= std::byte{0x36};
  }
  std::ranges::copy(sha256(inner), outer.begin() + block);
  const auto mac = sha256(outer);
  OPENSSL_cleanse(inner.data(), block);
  OPENSSL_cleanse(outer.data(), block);
  return mac;
}

}  // namespace docupilot::inline v1::crypto
