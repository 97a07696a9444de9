#include "crypto/digest.h"

#include <cstdlib>
#include <new>

#include <openssl/evp.h>

#include "crypto/sha256_many.h"

namespace docupilot::inline v1::crypto {

namespace {

// Fetched once, because a look-up costs as much as hashing 10 KiB, and never freed, because OpenSSL cleans up at exit
// before the destructor of a static object would run.
const EVP_MD* sha256_algorithm() noexcept {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}
const EVP_MD* md5_algorithm() noexcept {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "MD5", "-fips");  // an S3 checksum, not a safeguard
  return algorithm;
}

/// Hashing memory cannot fail; if OpenSSL says it did, no digest of this process can be trusted.
void require(int outcome) noexcept {
  if (outcome != 1) std::abort();
}

EVP_MD_CTX* make_context() {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  if (context == nullptr) throw std::bad_alloc();
  return context;
}

}  // namespace

void Digest::Free::operator()(void* context) const noexcept { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context)); }

Digest::Digest(const void* algorithm, void* context) : algorithm_(algorithm), context_(context) {
  require(EVP_DigestInit_ex2(static_cast<EVP_MD_CTX*>(context), static_cast<const EVP_MD*>(algorithm), nullptr));
}

Digest Digest::sha256() {
  if (sha256_algorithm() == nullptr) std::abort();
  return {sha256_algorithm(), make_context()};
}

std::optional<Digest> Digest::md5() {
  if (md5_algorithm() == nullptr) return std::nullopt;
  return Digest(md5_algorithm(), make_context());
}

void Digest::update(ByteView bytes) {
  require(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_.get()), bytes.data(), bytes.size()));
}

void Digest::finish(MutableByteView into) {
  auto* context = static_cast<EVP_MD_CTX*>(context_.get());
  if (into.size() < static_cast<std::size_t>(EVP_MD_CTX_get_size(context))) std::abort();
  require(EVP_DigestFinal_ex(context, reinterpret_cast<unsigned char*>(into.data()), nullptr));
  require(EVP_DigestInit_ex2(context, static_cast<const EVP_MD*>(algorithm_), nullptr));
}

std::array<std::byte, 32> sha256(ByteView bytes) {
  std::array<std::byte, 32> digest{};
  // What OpenSSL sets up and takes down for each digest costs more than hashing a kilobyte.
  if (const auto kernels = sha256_kernels(); sha256_kernel_for(1, kernels) != nullptr) {
    sha256_interleaved({&bytes, 1}, {&digest, 1}, kernels, 1);
    return digest;
  }
  if (sha256_algorithm() == nullptr) std::abort();
  require(EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
                     sha256_algorithm(), nullptr));
  return digest;
}

}  // namespace docupilot::inline v1::crypto
