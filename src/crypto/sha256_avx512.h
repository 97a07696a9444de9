#pragma once

#include "crypto/sha256_kernel.h"

namespace docupilot::inline v1 {

/// Whether this processor can run the kernel below.
[[nodiscard]] bool has_sha256_avx512() noexcept;
/// Whether it is taken to be faster than the SHA extensions where there are both: on Intel's processors, which start
/// few of those instructions a cycle (on Sapphire Rapids four lanes of them have 1.35 times OpenSSL's speed, sixteen of
/// this kernel 2.1 times). On AMD's, four lanes reached 2.2 times.
[[nodiscard]] bool sha256_avx512_outruns_ni() noexcept;

/// A Sha256Kernel that has one word of sixteen lanes in each vector register (Gueron and Krasnov, "Simultaneous
/// hashing of multiple messages", 2012); fewer lanes take as long as sixteen. Only where has_sha256_avx512().
void sha256_compress_avx512(Sha256Lane* lane, std::size_t count, std::size_t blocks) noexcept;

}  // namespace docupilot::inline v1
