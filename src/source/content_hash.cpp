#include <docupilot/source/content_hash.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "crypto/crc32c.h"
#include "crypto/crc64nvme.h"
#include "crypto/digest.h"
#include "crypto/sha256_kernel.h"
#include "crypto/sha256_many.h"

namespace docupilot::inline v1 {

namespace {

/// Fits the first-level cache; only the first digest reads the slice from memory, the others from there.
constexpr std::size_t slice = std::size_t{32} << 10U;

template <class Word>
std::string word_to_hex(Word word) {
  std::array<std::byte, sizeof word> bytes;
  for (std::size_t i = 0; i < sizeof word; ++i) bytes[sizeof word - 1 - i] = static_cast<std::byte>(word >> (8 * i));
  return to_hex(bytes);
}

template <std::size_t Size>
std::string finish_to_hex(std::optional<crypto::Digest>& digest) {
  if (!digest) return {};
  std::array<std::byte, Size> bytes;
  digest->finish(bytes);
  return to_hex(bytes);
}

}  // namespace

struct ContentHash::State {
  Hashes which;
  std::uint64_t size = 0;
  std::uint32_t crc32c = 0;
  std::uint64_t crc64nvme = 0;
  std::optional<crypto::Digest> sha256 = {};
  std::optional<crypto::Digest> md5 = {};
};

ContentHash::ContentHash(Hashes which) : state_(std::make_unique<State>(State{.which = which})) {
  if (has(which, Hashes::sha256)) state_->sha256 = crypto::Digest::sha256();
  if (has(which, Hashes::md5)) state_->md5 = crypto::Digest::md5();
}
ContentHash::~ContentHash() = default;
ContentHash::ContentHash(ContentHash&&) noexcept = default;
ContentHash& ContentHash::operator=(ContentHash&&) noexcept = default;

void ContentHash::update(ByteView bytes) {
  State& s = *state_;
  s.size += bytes.size();
  while (!bytes.empty()) {
    const ByteView part = bytes.first(std::min(bytes.size(), slice));
    bytes = bytes.subspan(part.size());
    // The slow ones first: they leave the processor time to fetch from memory, the CRCs would have to wait for it.
    if (s.sha256) s.sha256->update(part);
    if (s.md5) s.md5->update(part);
    if (has(s.which, Hashes::crc32c)) s.crc32c = docupilot::crc32c(part, s.crc32c);
    if (has(s.which, Hashes::crc64nvme)) s.crc64nvme = docupilot::crc64nvme(part, s.crc64nvme);
  }
}

std::uint64_t ContentHash::size() const noexcept { return state_->size; }

Checksums ContentHash::finish() {
  State& s = *state_;
  Checksums sums;
  sums.sha256 = finish_to_hex<32>(s.sha256);
  sums.md5 = finish_to_hex<16>(s.md5);
  if (has(s.which, Hashes::crc32c)) sums.crc32c = word_to_hex(s.crc32c);
  if (has(s.which, Hashes::crc64nvme)) sums.crc64nvme = word_to_hex(s.crc64nvme);
  s.size = s.crc32c = 0;
  s.crc64nvme = 0;
  return sums;
}

std::uint32_t crc32c(ByteView bytes, std::uint32_t before) noexcept { return crc::crc32c(bytes, before); }

std::uint64_t crc64nvme(ByteView bytes, std::uint64_t before) noexcept { return crc::crc64nvme(bytes, before); }

std::uint32_t crc32c_combine(std::uint32_t a, std::uint32_t b, std::uint64_t length_b) noexcept {
  return crc::crc32c_combine(a, b, length_b);
}

std::uint64_t crc64nvme_combine(std::uint64_t a, std::uint64_t b, std::uint64_t length_b) noexcept {
  return crc::crc64nvme_combine(a, b, length_b);
}

Sha256Digest sha256(ByteView bytes) { return crypto::sha256(bytes); }

void sha256_many(std::span<const ByteView> blocks, std::span<Sha256Digest> digests) {
  crypto::sha256_many(blocks, digests);
}

std::string to_hex(ByteView bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::byte b : bytes) {
    text += digits[std::to_integer<unsigned>(b) >> 4U];
    text += digits[std::to_integer<unsigned>(b) & 15U];
  }
  return text;
}

std::string hash_kernels() {
  const Sha256Kernel* sha256 = sha256_kernel_for(sha256_most_lanes, sha256_kernels());
  return std::string("crc32c: ") + crc::crc32c_kernels().back().name +
         ", crc64nvme: " + crc::crc64nvme_kernels().back().name + ", sha256: " +
         (sha256 == nullptr ? "openssl" : std::string(sha256->name) + " x" + std::to_string(sha256->lanes));
}

}  // namespace docupilot::inline v1
