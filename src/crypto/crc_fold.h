#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

#include "crypto/crc_polynomial.h"

// Folding by carry-less multiplication (Intel, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
// Instruction", 2009), for reflected CRCs of up to 64 bits. A lane of 128 bits moves forward over D bits of the message
// as low * x^(D+64) + high * x^D, and the reflected product brings one factor x along, hence the exponents less one.

#define DOCUPILOT_TARGET_PCLMUL __attribute__((target("sse4.2,pclmul")))
#define DOCUPILOT_TARGET_VPCLMUL __attribute__((target("sse4.2,pclmul,vpclmulqdq,avx512f,avx512vl,avx512bw")))

namespace docupilot::inline v1::crc {

[[nodiscard]] inline bool has_pclmul() noexcept {
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}
[[nodiscard]] inline bool has_vpclmul() noexcept {
  return has_pclmul() && __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}

template <class P, unsigned Distance>
struct FoldBy {
  static constexpr auto low = static_cast<long long>(P::factor(Distance + 63));
  static constexpr auto high = static_cast<long long>(P::factor(Distance - 1));
};

DOCUPILOT_TARGET_PCLMUL inline __m128i load16(const std::byte* p) noexcept {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}
DOCUPILOT_TARGET_VPCLMUL inline __m512i load64(const std::byte* p) noexcept {
  return _mm512_loadu_si512(reinterpret_cast<const void*>(p));
}

template <class P, unsigned Distance>
DOCUPILOT_TARGET_PCLMUL inline __m128i fold16(__m128i lane, __m128i next) noexcept {
  const __m128i factors = _mm_set_epi64x(FoldBy<P, Distance>::high, FoldBy<P, Distance>::low);
  return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(lane, factors, 0x00), next),
                       _mm_clmulepi64_si128(lane, factors, 0x11));
}

template <class P, unsigned Distance>
DOCUPILOT_TARGET_VPCLMUL inline __m512i fold64(__m512i lane, __m512i next) noexcept {
  const __m512i factors = _mm512_set_epi64(
      FoldBy<P, Distance>::high, FoldBy<P, Distance>::low, FoldBy<P, Distance>::high, FoldBy<P, Distance>::low,
      FoldBy<P, Distance>::high, FoldBy<P, Distance>::low, FoldBy<P, Distance>::high, FoldBy<P, Distance>::low);
  constexpr int exclusive_or_of_three = 0x96;
  return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(lane, factors, 0x00),
                                   _mm512_clmulepi64_epi128(lane, factors, 0x11), next, exclusive_or_of_three);
}

/// The message's next whole 16-byte blocks, folded into `lane`, which stands for all before them.
template <class P>
DOCUPILOT_TARGET_PCLMUL inline __m128i fold_rest(__m128i lane, const std::byte*& data, std::size_t& size) noexcept {
  for (; size >= 16; data += 16, size -= 16) lane = fold16<P, 128>(lane, load16(data));
  return lane;
}

/// All whole 16-byte blocks of a message of 16 bytes or more as one block of the same remainder; `data` and `size` are
/// left at the bytes behind them.
template <class P>
DOCUPILOT_TARGET_PCLMUL inline __m128i fold_pclmul(std::uint64_t state, const std::byte*& data,
                                                   std::size_t& size) noexcept {
  __m128i lane = _mm_xor_si128(load16(data), _mm_cvtsi64_si128(static_cast<long long>(state)));
  if (size < 128) {
    data += 16, size -= 16;
    return fold_rest<P>(lane, data, size);
  }
  __m128i lane1 = load16(data + 16);
  __m128i lane2 = load16(data + 32);
  __m128i lane3 = load16(data + 48);
  for (data += 64, size -= 64; size >= 64; data += 64, size -= 64) {
    lane = fold16<P, 512>(lane, load16(data));
    lane1 = fold16<P, 512>(lane1, load16(data + 16));
    lane2 = fold16<P, 512>(lane2, load16(data + 32));
    lane3 = fold16<P, 512>(lane3, load16(data + 48));
  }
  lane = fold16<P, 384>(lane, fold16<P, 256>(lane1, fold16<P, 128>(lane2, lane3)));
  return fold_rest<P>(lane, data, size);
}

/// The same for a message of 256 bytes or more, in four lanes of 512 bits.
template <class P>
DOCUPILOT_TARGET_VPCLMUL inline __m128i fold_vpclmul(std::uint64_t state, const std::byte*& data,
                                                     std::size_t& size) noexcept {
  __m512i lane =
      _mm512_xor_si512(load64(data), _mm512_zextsi128_si512(_mm_cvtsi64_si128(static_cast<long long>(state))));
  __m512i lane1 = load64(data + 64);
  __m512i lane2 = load64(data + 128);
  __m512i lane3 = load64(data + 192);
  for (data += 256, size -= 256; size >= 256; data += 256, size -= 256) {
    lane = fold64<P, 2048>(lane, load64(data));
    lane1 = fold64<P, 2048>(lane1, load64(data + 64));
    lane2 = fold64<P, 2048>(lane2, load64(data + 128));
    lane3 = fold64<P, 2048>(lane3, load64(data + 192));
  }
  lane = fold64<P, 1536>(lane, fold64<P, 1024>(lane1, fold64<P, 512>(lane2, lane3)));
  for (; size >= 64; data += 64, size -= 64) lane = fold64<P, 512>(lane, load64(data));

  alignas(64) __m128i quarter[4];
  _mm512_store_si512(quarter, lane);
  __m128i last = fold16<P, 128>(quarter[2], quarter[3]);
  last = fold16<P, 256>(quarter[1], last);
  last = fold16<P, 384>(quarter[0], last);
  return fold_rest<P>(last, data, size);
}

}  // namespace docupilot::inline v1::crc

#endif
