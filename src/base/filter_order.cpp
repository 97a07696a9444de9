#include "base/filter_order.h"

#include <bit>
#include <cmath>

namespace docupilot::inline v1 {

namespace {

constexpr std::uint64_t sign_bit = 1ULL << 63U;

void append_big_endian(std::string& key, std::uint64_t bits, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    key += static_cast<char>(bits >> static_cast<unsigned>(shift));
}

// The bits of a double in an order that unsigned comparison follows; zero is left for NaN.
std::uint64_t ordered_bits(double v) {
  if (std::isnan(v)) return 0;
  const auto bits = std::bit_cast<std::uint64_t>(v == 0 ? 0.0 : v);
  return (bits & sign_bit) != 0 ? ~bits : bits | sign_bit;
}

// The nearest double, then how far the number is from it: at most 512, and 0 for doubles.
std::string number_key(double nearest, std::int64_t distance) {
  std::string key(1, '\1');
  append_big_endian(key, ordered_bits(nearest), 8);
  append_big_endian(key, static_cast<std::uint64_t>(distance + 0x8000), 2);
  return key;
}

std::string integer_key(std::int64_t v) {
  const auto nearest = static_cast<double>(v);
  if (nearest >= 0x1p63) return number_key(nearest, v - INT64_MAX - 1);
  return number_key(nearest, v - static_cast<std::int64_t>(nearest));
}

}  // namespace

std::string sort_key(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::integer: return integer_key(*value.get_if<std::int64_t>());
    case Value::Kind::number: return number_key(*value.get_if<double>(), 0);
    case Value::Kind::text: return '\2' + *value.get_if<std::string>();
    case Value::Kind::time: {
      std::string key(1, '\3');
      append_big_endian(key, static_cast<std::uint64_t>(value.get_if<Timestamp>()->microseconds) ^ sign_bit, 8);
      return key;
    }
    case Value::Kind::null:
    case Value::Kind::boolean:
    case Value::Kind::bytes:
    case Value::Kind::list:
    case Value::Kind::map: break;
  }
  return {'\0'};
}

}  // namespace docupilot::inline v1
