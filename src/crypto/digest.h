#pragma once

#include <array>
#include <memory>
#include <optional>

#include <docupilot/base/bytes.h>

namespace docupilot::inline v1::crypto {

/// One running digest. Not for two threads at a time.
class Digest {
 public:
  /// SHA-256; ends the program when OpenSSL has none, since nothing may be stored under a made-up digest.
  [[nodiscard]] static Digest sha256();
  /// MD5, or nothing where OpenSSL is built or configured without it.
  [[nodiscard]] static std::optional<Digest> md5();

  void update(ByteView bytes);
  /// Writes the digest to the front of `into`, which must have room for it (32 or 16 bytes), and starts afresh.
  void finish(MutableByteView into);

 private:
  struct Free {
    void operator()(void* context) const noexcept;
  };
  Digest(const void* algorithm, void* context);

  const void* algorithm_;                // EVP_MD
  std::unique_ptr<void, Free> context_;  // EVP_MD_CTX
};

/// SHA-256 of one block of memory.
[[nodiscard]] std::array<std::byte, 32> sha256(ByteView bytes);

}  // namespace docupilot::inline v1::crypto
