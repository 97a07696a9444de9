#include "crypto/crc64nvme.h"

#include "crypto/crc_fold.h"

namespace docupilot::inline v1::crc {

namespace {

using Word = std::uint64_t;

Word by_table(Word state, const std::byte* data, std::size_t size) noexcept {
  return update_by_table<Crc64Nvme>(state, data, size);
}

#if defined(__x86_64__)

/// floor(x^127 / P), reflected: one bit of quotient after the other, the remainder starting as x^64 mod P.
constexpr Word barrett_quotient() noexcept {
  Word quotient = 1;
  Word remainder = Crc64Nvme::times_x(1);
  for (int i = 1; i < 64; ++i) {
    quotient |= (remainder & 1U) << i;
    remainder = Crc64Nvme::times_x(remainder);
  }
  return quotient;
}

/// (P - 1) / x, reflected: P has 65 bits, and its lowest is always set.
constexpr Word polynomial_over_x = (Crc64Nvme::times_x(1) << 1U) | 1U;

/// The remainder of the folded block by Barrett's reduction, then of what is left behind it.
DOCUPILOT_TARGET_PCLMUL Word finish(__m128i block, const std::byte* data, std::size_t size) noexcept {
  const __m128i fold = _mm_cvtsi64_si128(static_cast<long long>(Crc64Nvme::factor(127)));
  const __m128i barrett =
      _mm_set_epi64x(static_cast<long long>(polynomial_over_x), static_cast<long long>(barrett_quotient()));
  block = _mm_xor_si128(_mm_clmulepi64_si128(block, fold, 0x00), _mm_srli_si128(block, 8));
  const __m128i quotient = _mm_clmulepi64_si128(block, barrett, 0x00);
  const __m128i product = _mm_clmulepi64_si128(quotient, barrett, 0x10);
  const auto state = static_cast<Word>(_mm_extract_epi64(_mm_xor_si128(block, product), 1)) ^
                     static_cast<Word>(_mm_cvtsi128_si64(quotient));
  return by_table(state, data, size);
}

DOCUPILOT_TARGET_PCLMUL Word by_pclmul(Word state, const std::byte* data, std::size_t size) noexcept {
  if (size < 16) return by_table(state, data, size);
  const __m128i block = fold_pclmul<Crc64Nvme>(state, data, size);
  return finish(block, data, size);
}

DOCUPILOT_TARGET_VPCLMUL Word by_vpclmul(Word state, const std::byte* data, std::size_t size) noexcept {
  if (size < 256) return by_pclmul(state, data, size);
  const __m128i block = fold_vpclmul<Crc64Nvme>(state, data, size);
  return finish(block, data, size);
}

constexpr Kernel<Word> kernels[] = {{"table", by_table}, {"pclmul", by_pclmul}, {"vpclmul", by_vpclmul}};

#else

constexpr Kernel<Word> kernels[] = {{"table", by_table}};

#endif

}  // namespace

std::span<const Kernel<std::uint64_t>> crc64nvme_kernels() noexcept {
  std::size_t usable = 1;
#if defined(__x86_64__)
  usable = has_vpclmul() ? 3 : has_pclmul() ? 2 : 1;
#endif
  return std::span(kernels).first(usable);
}

std::uint64_t crc64nvme(ByteView bytes, std::uint64_t before) noexcept {
  static const auto& kernel = crc64nvme_kernels().back();
  return ~kernel.update(~before, bytes.data(), bytes.size());
}

}  // namespace docupilot::inline v1::crc
