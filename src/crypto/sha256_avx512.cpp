#include "crypto/sha256_avx512.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <utility>

#include "crypto/sha256_constants.h"

#define DOCUPILOT_TARGET_AVX512 __attribute__((target("avx512f,avx512bw")))

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t width = 16;  // lanes

// Truth tables for three operands.
constexpr int exclusive_or = 0x96;
constexpr int choose = 0xca;  // the second where the first is set, else the third
constexpr int majority = 0xe8;

DOCUPILOT_TARGET_AVX512 inline __m512i sum(__m512i a, __m512i b) noexcept { return _mm512_add_epi32(a, b); }

/// The four functions of FIPS 180-4, 4.1.2.
template <int First, int Second, int Third>
DOCUPILOT_TARGET_AVX512 inline __m512i rotations(__m512i x) noexcept {
  return _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, First), _mm512_ror_epi32(x, Second), _mm512_ror_epi32(x, Third),
                                   exclusive_or);
}
template <int First, int Second, int Shift>
DOCUPILOT_TARGET_AVX512 inline __m512i rotations_and_shift(__m512i x) noexcept {
  return _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, First), _mm512_ror_epi32(x, Second), _mm512_srli_epi32(x, Shift),
                                   exclusive_or);
}

/// Where A (0) to H (7) are in a round: rather than each moving to the next one's place, the places turn.
template <std::size_t Round, std::size_t Letter>
inline constexpr std::size_t place = (64 + Letter - Round) % 8;

/// One round of all lanes. `words`: the last sixteen of the message schedule.
template <std::size_t Round>
DOCUPILOT_TARGET_AVX512 inline void one_round(__m512i* v, __m512i* words) noexcept {
  __m512i& word = words[Round % 16];
  if constexpr (Round >= 16) {
    word = sum(sum(word, rotations_and_shift<7, 18, 3>(words[(Round + 1) % 16])),
               sum(words[(Round + 9) % 16], rotations_and_shift<17, 19, 10>(words[(Round + 14) % 16])));
  }
  const __m512i a = v[place<Round, 0>];
  const __m512i b = v[place<Round, 1>];
  const __m512i c = v[place<Round, 2>];
  __m512i& d = v[place<Round, 3>];
  const __m512i e = v[place<Round, 4>];
  const __m512i f = v[place<Round, 5>];
  const __m512i g = v[place<Round, 6>];
  __m512i& h = v[place<Round, 7>];
  const __m512i chosen = _mm512_ternarylogic_epi32(e, f, g, choose);
  const __m512i most = _mm512_ternarylogic_epi32(a, b, c, majority);
  const __m512i input = sum(word, _mm512_set1_epi32(static_cast<int>(sha256_constants[Round])));
  const __m512i first = sum(sum(h, input), sum(rotations<6, 11, 25>(e), chosen));
  d = sum(d, first);
  h = sum(first, sum(rotations<2, 13, 22>(a), most));
}

template <std::size_t... Round>
DOCUPILOT_TARGET_AVX512 inline void all_rounds(__m512i* v, __m512i* words, std::index_sequence<Round...>) noexcept {
  (one_round<Round>(v, words), ...);
}

/// Makes of sixteen rows of sixteen words sixteen columns.
DOCUPILOT_TARGET_AVX512 inline void transpose(__m512i* row) noexcept {
  __m512i pair[width];  // of rows, in turns word by word
  for (std::size_t i = 0; i < width; i += 2) {
    pair[i] = _mm512_unpacklo_epi32(row[i], row[i + 1]);
    pair[i + 1] = _mm512_unpackhi_epi32(row[i], row[i + 1]);
  }
  __m512i four[width];  // of rows: in four[4 i + j], words j, j + 4, j + 8 and j + 12 of rows 4 i to 4 i + 3
  for (std::size_t i = 0; i < width; i += 4) {
    four[i] = _mm512_unpacklo_epi64(pair[i], pair[i + 2]);
    four[i + 1] = _mm512_unpackhi_epi64(pair[i], pair[i + 2]);
    four[i + 2] = _mm512_unpacklo_epi64(pair[i + 1], pair[i + 3]);
    four[i + 3] = _mm512_unpackhi_epi64(pair[i + 1], pair[i + 3]);
  }
  constexpr int even = 0x88;  // quarters 0 and 2 of each operand
  constexpr int odd = 0xdd;   // quarters 1 and 3
  for (std::size_t j = 0; j < 4; ++j) {
    const __m512i upper_even = _mm512_shuffle_i32x4(four[j], four[4 + j], even);
    const __m512i lower_even = _mm512_shuffle_i32x4(four[8 + j], four[12 + j], even);
    const __m512i upper_odd = _mm512_shuffle_i32x4(four[j], four[4 + j], odd);
    const __m512i lower_odd = _mm512_shuffle_i32x4(four[8 + j], four[12 + j], odd);
    row[j] = _mm512_shuffle_i32x4(upper_even, lower_even, even);
    row[4 + j] = _mm512_shuffle_i32x4(upper_odd, lower_odd, even);
    row[8 + j] = _mm512_shuffle_i32x4(upper_even, lower_even, odd);
    row[12 + j] = _mm512_shuffle_i32x4(upper_odd, lower_odd, odd);
  }
}

}  // namespace

bool has_sha256_avx512() noexcept { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"); }

bool sha256_avx512_outruns_ni() noexcept { return __builtin_cpu_is("intel"); }

// Registers that no lane is for repeat the first one's.
DOCUPILOT_TARGET_AVX512 void sha256_compress_avx512(Sha256Lane* lane, std::size_t count, std::size_t blocks) noexcept {
  alignas(64) std::uint32_t state[8][width];
  const std::byte* data[width];
  for (std::size_t i = 0; i < width; ++i) {
    const Sha256Lane& from = lane[i < count ? i : 0];
    for (std::size_t word = 0; word < 8; ++word) state[word][i] = from.state[word];
    data[i] = from.data;
  }
  __m512i v[8];
  for (std::size_t word = 0; word < 8; ++word) v[word] = _mm512_load_si512(state[word]);
  const __m512i big_endian = _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);
  for (std::size_t block = 0; block < blocks; ++block) {
    __m512i words[width];
    for (std::size_t i = 0; i < width; ++i) {
      words[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(data[i] + 64 * block), big_endian);
    }
    transpose(words);
    __m512i before[8];
    std::copy(v, v + 8, before);
    all_rounds(v, words, std::make_index_sequence<64>{});
    for (std::size_t word = 0; word < 8; ++word) v[word] = sum(v[word], before[word]);
  }
  for (std::size_t word = 0; word < 8; ++word) _mm512_store_si512(state[word], v[word]);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t word = 0; word < 8; ++word) lane[i].state[word] = state[word][i];
    lane[i].data += 64 * blocks;
  }
  _mm256_zeroupper();  // as compilers do when they optimise: what uses half a register after this would be slow
}

}  // namespace docupilot::inline v1

#else

namespace docupilot::inline v1 {

bool has_sha256_avx512() noexcept { return false; }
bool sha256_avx512_outruns_ni() noexcept { return false; }
void sha256_compress_avx512(Sha256Lane*, std::size_t, std::size_t) noexcept {}

}  // namespace docupilot::inline v1

#endif
