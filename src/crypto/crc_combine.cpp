#include "crypto/crc32c.h"
#include "crypto/crc64nvme.h"
#include "crypto/crc_polynomial.h"

namespace docupilot::inline v1::crc {

namespace {

/// Shifts the CRC of A over the bytes of B by multiplying it with x^(8 * length), one factor for each bit of the
/// length. Start value and final complement cancel out, so published values can be used as they are.
template <class P, class Word>
Word combine(Word a, Word b, std::uint64_t length_b) noexcept {
  static constexpr auto powers = P::make_powers();
  for (std::size_t k = 0; length_b != 0; ++k, length_b >>= 1U) {
    if ((length_b & 1U) != 0) a = P::multiply(powers[k], a);
  }
  return a ^ b;
}

}  // namespace

std::uint32_t crc32c_combine(std::uint32_t a, std::uint32_t b, std::uint64_t length_b) noexcept {
  return combine<Crc32c>(a, b, length_b);
}

std::uint64_t crc64nvme_combine(std::uint64_t a, std::uint64_t b, std::uint64_t length_b) noexcept {
  return combine<Crc64Nvme>(a, b, length_b);
}

}  // namespace docupilot::inline v1::crc
