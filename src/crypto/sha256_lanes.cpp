#include "crypto/sha256_lanes.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <utility>

#define DOCUPILOT_TARGET_SHA __attribute__((target("sha,sse4.1,ssse3")))

namespace docupilot::inline v1 {

namespace {

/// The round constants (FIPS 180-4, 4.2.2).
alignas(16) constexpr std::uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

DOCUPILOT_TARGET_SHA inline __m128i load(const void* p) noexcept {
  return _mm_loadu_si128(static_cast<const __m128i*>(p));
}

struct Registers {
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
  __m128i input = _mm_add_epi32(now, _mm_load_si128(reinterpret_cast<const __m128i*>(constants + 4 * Group)));
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

template <std::size_t Lanes>
DOCUPILOT_TARGET_SHA void compress(Sha256Lane* lane, std::size_t blocks) noexcept {
  Registers r[Lanes];
  for (std::size_t i = 0; i < Lanes; ++i) {
    r[i].abef = load(lane[i].state.data());
    r[i].cdgh = load(lane[i].state.data() + 4);
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
    _mm_storeu_si128(reinterpret_cast<__m128i*>(lane[i].state.data()), r[i].abef);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(lane[i].state.data() + 4), r[i].cdgh);
  }
}

/// Code elsewhere in the program may have left the upper halves of the vector registers in use (ISA-L does), which
/// makes these instructions, and OpenSSL's, up to 2.5 times slower until they are cleared.
__attribute__((target("avx"))) void clear_upper_halves() noexcept { _mm256_zeroupper(); }

}  // namespace

bool has_sha_extensions() noexcept {
  return __builtin_cpu_supports("sha") && __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3");
}

void sha256_compress(Sha256Lane* lane, std::size_t lanes, std::size_t blocks) noexcept {
  if (__builtin_cpu_supports("avx")) clear_upper_halves();
  switch (lanes) {
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
void sha256_compress(Sha256Lane*, std::size_t, std::size_t) noexcept {}

}  // namespace docupilot::inline v1

#endif
