#include "floor_digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>

namespace floor_digest {

// Both made once: to look the algorithm up costs more than to use it.
Digest sha256(std::string_view first, std::string_view second) {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static EVP_MD_CTX* const context = EVP_MD_CTX_new();
  Digest digest{};
  if (EVP_DigestInit_ex2(context, algorithm, nullptr) != 1 ||
      EVP_DigestUpdate(context, first.data(), first.size()) != 1 ||
      EVP_DigestUpdate(context, second.data(), second.size()) != 1 ||
      EVP_DigestFinal_ex(context, digest.data(), nullptr) != 1) {
    std::abort();
  }
  return digest;
}

Digest hmac(std::string_view key, std::string_view message) {
  std::array<char, 64> pad{};
  std::copy(key.begin(), key.end(), pad.begin());
  for (char& c : pad) c = static_cast<char>(c ^ 0x36);
  const Digest inner = sha256({pad.data(), pad.size()}, message);
  for (char& c : pad) c = static_cast<char>(c ^ 0x36 ^ 0x5c);
  return sha256({pad.data(), pad.size()}, text_of(inner));
}

void add_hex(std::string& out, const Digest& digest) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const unsigned char byte : digest) (out += digits[byte >> 4U]) += digits[byte & 15U];
}

std::string base64_of_crc(std::uint64_t crc) {
  std::array<unsigned char, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<unsigned char>(crc >> (56 - 8 * i));
  std::array<char, 13> text{};
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
  return text.data();
}

Digest day_key(std::string_view secret, std::string_view date) {
  Digest key = hmac("AWS4" + std::string(secret), date);
  for (const std::string_view step : {"us-east-1", "s3", "aws4_request"}) key = hmac(text_of(key), step);
  return key;
}

}  // namespace floor_digest
