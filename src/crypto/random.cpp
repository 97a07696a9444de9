#include "crypto/random.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>

#include <openssl/rand.h>

namespace docupilot::inline v1::crypto {

std::string random_hex(std::size_t digits) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string text(digits, '0');
  unsigned char bytes[64];
  for (std::size_t i = 0; i < digits; ++i) {
    const auto fresh = static_cast<int>(std::min(digits - i, sizeof bytes));
    if (i % sizeof bytes == 0 && RAND_bytes(bytes, fresh) != 1) std::abort();  // no id may ever be guessable
    text[i] = hex[bytes[i % sizeof bytes] & 15U];
  }
  return text;
}

double random_part() {
  const std::string digits = random_hex(13);  // 52 bits, all of which a double keeps
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return static_cast<double>(number) / 0x1p52;
}

}  // namespace docupilot::inline v1::crypto
