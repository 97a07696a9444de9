#include "crypto/random.h"

#include <algorithm>
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

}  // namespace docupilot::inline v1::crypto
