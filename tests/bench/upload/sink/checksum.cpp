#include "checksum.h"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>
#include <vector>

#include "crypto/crc32c.h"
#include "crypto/crc64nvme.h"
#include "crypto/crc_polynomial.h"
#include "http/hex.h"

namespace sink {

namespace {

using docupilot::ByteView;
using Crc32 = docupilot::crc::Polynomial<std::uint32_t, 0xedb88320U>;

std::uint32_t crc32(ByteView bytes, std::uint32_t before) noexcept {
  return ~docupilot::crc::update_by_table<Crc32>(~before, bytes.data(), bytes.size());
}

template <class Word, Word (*Update)(ByteView, Word)>
class Crc final : public Checksum {
 public:
  void update(ByteView bytes) override { value_ = Update(bytes, value_); }
  std::string finish() override {
    std::array<std::byte, sizeof(Word)> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<std::byte>(value_ >> (8 * (bytes.size() - 1 - i)));
    }
    return base64(bytes);
  }

 private:
  Word value_ = 0;
};

class Evp final : public Checksum {
 public:
  explicit Evp(const EVP_MD* algorithm) : context_(EVP_MD_CTX_new()) {
    if (EVP_DigestInit_ex(context_.get(), algorithm, nullptr) != 1) std::abort();
  }
  void update(ByteView bytes) override {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) std::abort();
  }
  std::string finish() override {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_DigestFinal_ex(context_.get(), digest.data(), &size) != 1) std::abort();
    return base64(std::as_bytes(std::span(digest).first(size)));
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };
  const std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace

std::unique_ptr<Checksum> Checksum::named(std::string_view name) {
  if (name == "crc32") return std::make_unique<Crc<std::uint32_t, crc32>>();
  if (name == "crc32c") return std::make_unique<Crc<std::uint32_t, docupilot::crc::crc32c>>();
  if (name == "crc64nvme") return std::make_unique<Crc<std::uint64_t, docupilot::crc::crc64nvme>>();
  if (name == "sha1") return std::make_unique<Evp>(EVP_sha1());
  if (name == "sha256") return std::make_unique<Evp>(EVP_sha256());
  if (name == "md5") return std::make_unique<Evp>(EVP_md5());
  return nullptr;
}

std::optional<std::string> algorithm_of_header(std::string_view lower_case_name) {
  constexpr std::string_view start = "x-amz-checksum-";
  if (!lower_case_name.starts_with(start)) return std::nullopt;
  std::string name(lower_case_name.substr(start.size()));
  // These two speak of the checksum, and are none.
  return name == "algorithm" || name == "type" ? std::nullopt : std::optional(std::move(name));
}

std::optional<std::string> algorithm_of_element(std::string_view name) {
  constexpr std::string_view start = "Checksum";
  if (!name.starts_with(start) || name == "ChecksumType" || name == "ChecksumAlgorithm") return std::nullopt;
  std::string lower;
  for (const char c : name.substr(start.size())) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return lower;
}

std::string base64(ByteView bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size())) < 0) {
    return std::nullopt;
  }
  for (std::size_t i = text.size(); i > 0 && text[i - 1] == '='; --i) bytes.pop_back();
  return bytes;
}

std::string sha256_hex(ByteView bytes) {
  std::array<unsigned char, 32> digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) std::abort();
  return docupilot::http::hex(std::as_bytes(std::span(digest)));
}

}  // namespace sink
