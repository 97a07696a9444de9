#include "crypto/sha256_ni.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <utility>

#include "crypto/sha256_constants.h"

#define DOCUPILOT_TARGET_SHA __attribute__((target("sha,sse4.1,ssse3")))

namespace docupilot::inline v1 {

namespace {

DOCUPILOT_TARGET_SHA inline __m128i load(const void* p) noexcept {
  return _mm_loadu_si128(static_cast<const __m128i*>(p));
}

struct Registers {
  // The chaining value as the instructions want it; from the lowest word, F E B A and H G D C.
  __m128i abef;
  __m128i cdgh;
  __m128i words[4];  // the last sixteen words of the message schedule
};

/// Rounds 4 * Group to 4 * Group + 3 of one lane, and the four words of the schedule that the next group needs.
template <std::size_t Group>
DOCUPILOT_TARGET_SHA inline void four_rounds(Registers& r, const std::byte* block) noexcept {
  __m128i& now = r.words[Group % 4];
  __m128i& before = r.words[(Group + 3) % 4];
  if constexpr (Group < 4) {
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    now = _mm_shuffle_epi8(load(block + 16 * Group), big_endian);
  }
  __m128i input = _mm_add_epi32(now, _mm_load_si128(reinterpret_cast<const __m128i*>(sha256_constants + 4 * Group)));
  r.cdgh = _mm_sha256rnds2_epu32(r.cdgh, r.abef, input);
  if constexpr (Group >= 3 && Group < 15) {
    __m128i& next = r.words[(Group + 1) % 4];
    next = _mm_sha256msg2_epu32(_mm_add_epi32(next, _mm_alignr_epi8(now, before, 4)), now);
  }
  input = _mm_shuffle_epi32(input, 0x0e);
  r.abef = _mm_sha256rnds2_epu32(r.abef, r.cdgh, input);
  if constexpr (Group >= 1 && Group < 13) before = _mm_sha256msg1_epu32(before, now);
}

template <std::size_t Group, std::size_t... Lane>
DOCUPILOT_TARGET_SHA inline void each_lane(Registers* r, const Sha256Lane* lane,
                                           std::index_sequence<Lane...>) noexcept {
  (four_rounds<Group>(r[Lane], lane[Lane].data), ...);
}

/// One block into each lane. The lanes take turns after every group of rounds; within that the processor reorders.
template <std::size_t Lanes, std::size_t... Group>
DOCUPILOT_TARGET_SHA inline void each_group(Registers* r, const Sha256Lane* lane,
                                            std::index_sequence<Group...>) noexcept {
  (each_lane<Group>(r, lane, std::make_index_sequence<Lanes>{}), ...);
}

/// Words Second and First of `low`, then those of `high`.
template <int First, int Second>
DOCUPILOT_TARGET_SHA inline __m128i pick(__m128i low, __m128i high) noexcept {
  constexpr int which = Second | First << 2 | Second << 4 | First << 6;
  return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(low), _mm_castsi128_ps(high), which));
}

template <std::size_t Lanes>
DOCUPILOT_TARGET_SHA void compress(Sha256Lane* lane, std::size_t blocks) noexcept {
  Registers r[Lanes];
  for (std::size_t i = 0; i < Lanes; ++i) {
    const __m128i abcd = load(lane[i].state.data());
    const __m128i efgh = load(lane[i].state.data() + 4);
    r[i].abef = pick<0, 1>(efgh, abcd);
    r[i].cdgh = pick<2, 3>(efgh, abcd);
  }
  for (; blocks > 0; --blocks) {
    __m128i abef[Lanes];
    __m128i cdgh[Lanes];
    for (std::size_t i = 0; i < Lanes; ++i) abef[i] = r[i].abef, cdgh[i] = r[i].cdgh;
    each_group<Lanes>(r, lane, std::make_index_sequence<16>{});
    for (std::size_t i = 0; i < Lanes; ++i) {
      r[i].abef = _mm_add_epi32(r[i].abef, abef[i]);
      r[i].cdgh = _mm_add_epi32(r[i].cdgh, cdgh[i]);
      lane[i].data += 64;
    }
  }
  for (std::size_t i = 0; i < Lanes; ++i) {
    auto* const state = reinterpret_cast<__m128i*>(lane[i].state.data());
    _mm_storeu_si128(state, pick<2, 3>(r[i].abef, r[i].cdgh));
    _mm_storeu_si128(state + 1, pick<0, 1>(r[i].abef, r[i].cdgh));
  }
}

/// Code elsewhere in the program may have left the upper halves of the vector registers in use (ISA-L does), which
/// makes these instructions, and OpenSSL's, up to 2.5 times slower until they are cleared.
__attribute__((target("avx"))) void clear_upper_halves() noexcept { _mm256_zeroupper(); }

}  // namespace

bool has_sha_extensions() noexcept {
  return __builtin_cpu_supports("sha") && __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3");
}

void sha256_compress_ni(Sha256Lane* lane, std::size_t count, std::size_t blocks) noexcept {
  if (__builtin_cpu_supports("avx")) clear_upper_halves();
  switch (count) {
    case 1: return compress<1>(lane, blocks);
    case 2: return compress<2>(lane, blocks);
    case 3: return compress<3>(lane, blocks);
    default: return compress<4>(lane, blocks);
  }
}

}  // namespace docupilot::inline v1

#else

namespace docupilot::inline v1 {

bool has_sha_extensions() noexcept { return false; }
void sha256_compress_ni(Sha256Lane*, std::size_t, std::size_t) noexcept {}

}  // namespace docupilot::inline v1

#endif
