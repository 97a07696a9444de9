#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <docupilot/base/bytes.h>

namespace docupilot::inline v1::crc {

/// Arithmetic of a reflected CRC: polynomials over GF(2) modulo the CRC's own, the top bit of a Word being x^0.
/// Everything the kernels need is computed from the one constant at compile time.
template <class Word, Word Reflected>
struct Polynomial {
  static constexpr int bits = std::numeric_limits<Word>::digits;
  static constexpr Word one = Word{1} << (bits - 1);

  [[nodiscard]] static constexpr Word times_x(Word a) noexcept { return (a >> 1U) ^ ((a & 1U) != 0 ? Reflected : 0); }

  [[nodiscard]] static constexpr Word multiply(Word a, Word b) noexcept {
    Word product = 0;
    for (Word bit = one; bit != 0; bit >>= 1U) {
      if ((a & bit) != 0) product ^= b;
      b = times_x(b);
    }
    return product;
  }

  [[nodiscard]] static constexpr Word power_of_x(unsigned exponent) noexcept {
    Word result = one;
    for (unsigned i = 0; i < exponent; ++i) result = times_x(result);
    return result;
  }

  /// The remainder as a 64-bit factor for carry-less multiplication.
  [[nodiscard]] static constexpr std::uint64_t factor(unsigned exponent) noexcept {
    return static_cast<std::uint64_t>(power_of_x(exponent)) << (64 - bits);
  }

  /// slices[k][b]: byte b followed by k zero bytes.
  using Slices = std::array<std::array<Word, 256>, 8>;
  [[nodiscard]] static constexpr Slices make_slices() noexcept {
    Slices slices{};
    for (unsigned b = 0; b < 256; ++b) {
      Word word = b;
      for (int i = 0; i < 8; ++i) word = times_x(word);
      slices[0][b] = word;
    }
    for (unsigned k = 1; k < 8; ++k) {
      for (unsigned b = 0; b < 256; ++b) {
        const Word before = slices[k - 1][b];
        slices[k][b] = (before >> 8U) ^ slices[0][before & 255U];
      }
    }
    return slices;
  }

  /// powers[k]: x^(8 * 2^k), what 2^k bytes shift a remainder by.
  using Powers = std::array<Word, 64>;
  [[nodiscard]] static constexpr Powers make_powers() noexcept {
    Powers powers{};
    powers[0] = power_of_x(8);
    for (unsigned k = 1; k < 64; ++k) powers[k] = multiply(powers[k - 1], powers[k - 1]);
    return powers;
  }
};

using Crc32c = Polynomial<std::uint32_t, 0x82f63b78U>;
using Crc64Nvme = Polynomial<std::uint64_t, 0x9a6c9329ac4bc9b5U>;

/// Eight bytes in memory order as the CRC takes them, whatever the processor's byte order.
[[nodiscard]] inline std::uint64_t load_little_endian(const std::byte* p) noexcept {
  std::uint64_t word = 0;
  for (unsigned i = 0; i < 8; ++i) word |= std::to_integer<std::uint64_t>(p[i]) << (8 * i);
  return word;
}

/// Slicing by eight: the kernel for any processor, and for the few bytes at the end of the others.
template <class P, class Word>
[[nodiscard]] Word update_by_table(Word state, const std::byte* data, std::size_t size) noexcept {
  static constexpr typename P::Slices slices = P::make_slices();
  for (; size >= 8; data += 8, size -= 8) {
    const std::uint64_t word = load_little_endian(data) ^ state;
    state = 0;
    for (unsigned i = 0; i < 8; ++i) state ^= slices[7 - i][(word >> (8 * i)) & 255U];
  }
  for (; size > 0; ++data, --size) {
    state = static_cast<Word>(state >> 8U) ^ slices[0][(state ^ std::to_integer<Word>(*data)) & 255U];
  }
  return state;
}

/// One way to compute a CRC. `update` works on the inner state, which is the complement of the published value.
template <class Word>
struct Kernel {
  const char* name;
  Word (*update)(Word state, const std::byte* data, std::size_t size) noexcept;
};

}  // namespace docupilot::inline v1::crc
