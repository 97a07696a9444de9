#pragma once

#include "crypto/sha256_kernel.h"

namespace docupilot::inline v1 {

/// Whether this processor can run the kernel below.
[[nodiscard]] bool has_sha256_avx512() noexcept;
/// Whether that is faster than the SHA extensions, if there are both. Those of Intel's processors start so few
/// instructions a cycle that interleaving gains little (on Sapphire Rapids 1.35 times OpenSSL's speed, to 2.1 times by
/// this kernel); AMD's do not.
[[nodiscard]] bool sha256_avx512_outruns_ni() noexcept;

/// A Sha256Kernel that has one word of sixteen lanes in each vector register (Gueron and Krasnov, "Simultaneous
/// hashing of multiple messages", 2012); fewer lanes take as long as sixteen. Only where has_sha256_avx512().
void sha256_compress_avx512(Sha256Lane* lane, std::size_t count, std::size_t blocks) noexcept;

}  // namespace docupilot::inline v1
