#include "crypto/crc32c.h"

#include "crypto/crc_fold.h"

namespace docupilot::inline v1::crc {

namespace {

using Word = std::uint32_t;

Word by_table(Word state, const std::byte* data, std::size_t size) noexcept {
  return update_by_table<Crc32c>(state, data, size);
}

#if defined(__x86_64__)

DOCUPILOT_TARGET_PCLMUL Word by_instruction(Word state, const std::byte* data, std::size_t size) noexcept {
  std::uint64_t wide = state;
  for (; size >= 8; data += 8, size -= 8) wide = _mm_crc32_u64(wide, load_little_endian(data));
  state = static_cast<Word>(wide);
  for (; size > 0; ++data, --size) state = _mm_crc32_u8(state, std::to_integer<unsigned char>(*data));
  return state;
}

/// The remainder of the folded block, then of what is left behind it.
DOCUPILOT_TARGET_PCLMUL Word finish(__m128i block, const std::byte* data, std::size_t size) noexcept {
  std::uint64_t wide = _mm_crc32_u64(0, static_cast<std::uint64_t>(_mm_cvtsi128_si64(block)));
  wide = _mm_crc32_u64(wide, static_cast<std::uint64_t>(_mm_extract_epi64(block, 1)));
  return by_instruction(static_cast<Word>(wide), data, size);
}

DOCUPILOT_TARGET_PCLMUL Word by_pclmul(Word state, const std::byte* data, std::size_t size) noexcept {
  if (size < 128) return by_instruction(state, data, size);
  const __m128i block = fold_pclmul<Crc32c>(state, data, size);
  return finish(block, data, size);
}

DOCUPILOT_TARGET_VPCLMUL Word by_vpclmul(Word state, const std::byte* data, std::size_t size) noexcept {
  if (size < 256) return by_pclmul(state, data, size);
  const __m128i block = fold_vpclmul<Crc32c>(state, data, size);
  return finish(block, data, size);
}

constexpr Kernel<Word> kernels[] = {
    {"table", by_table}, {"sse4.2", by_instruction}, {"pclmul", by_pclmul}, {"vpclmul", by_vpclmul}};

#else

constexpr Kernel<Word> kernels[] = {{"table", by_table}};

#endif

}  // namespace

std::span<const Kernel<std::uint32_t>> crc32c_kernels() noexcept {
  std::size_t usable = 1;
#if defined(__x86_64__)
  usable = has_vpclmul() ? 4 : has_pclmul() ? 3 : 1;
#endif
  return std::span(kernels).first(usable);
}

std::uint32_t crc32c(ByteView bytes, std::uint32_t before) noexcept {
  static const auto& kernel = crc32c_kernels().back();
  return ~kernel.update(~before, bytes.data(), bytes.size());
}

}  // namespace docupilot::inline v1::crc
