#include "crypto/sha256_kernel.h"

#include <array>
#include <utility>

#include "crypto/sha256_avx512.h"
#include "crypto/sha256_ni.h"

namespace docupilot::inline v1 {

namespace {

// Ten of sixteen lanes of AVX-512 take as long as ten over the SHA extensions, and three as long as three by OpenSSL
// without those (Sapphire Rapids).
constexpr std::size_t enough_beside_ni = 10;
constexpr std::size_t enough_alone = 4;

struct Kernels {
  std::array<Sha256Kernel, 2> all = {};
  std::size_t count = 0;

  Kernels() noexcept {
    const bool ni = has_sha_extensions();
    if (ni) all[count++] = {.name = "sha-ni", .lanes = 4, .fewest = 1, .compress = sha256_compress_ni};
    if (!has_sha256_avx512()) return;
    all[count++] = {.name = "avx512",
                    .lanes = 16,
                    .fewest = ni ? enough_beside_ni : enough_alone,
                    .compress = sha256_compress_avx512};
    if (ni && !sha256_avx512_outruns_ni()) std::swap(all[0], all[1]);
  }
};

}  // namespace

std::span<const Sha256Kernel> sha256_kernels() noexcept {
  static const Kernels kernels;
  return std::span(kernels.all).first(kernels.count);
}

const Sha256Kernel* sha256_kernel_for(std::size_t count, std::span<const Sha256Kernel> kernels) noexcept {
  for (std::size_t i = kernels.size(); i-- > 0;) {
    if (kernels[i].fewest <= count) return &kernels[i];
  }
  return nullptr;
}

}  // namespace docupilot::inline v1
