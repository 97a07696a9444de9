#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace docupilot::inline v1::search {

/// The key of a document in the tables of the index: a number that is never used twice, and in its ten lowest bits how
/// long the document is, so that ranking reads no row but the one of the full text index.
class DocumentKey {
 public:
  DocumentKey(std::int64_t number, std::size_t title_words, std::size_t body_tokens)
      : value_(number << 10 | static_cast<std::int64_t>(std::min<std::size_t>(title_words, 15)) << 6 |
               static_cast<std::int64_t>(half_octaves(body_tokens))) {}
  explicit DocumentKey(std::int64_t value) noexcept : value_(value) {}

  [[nodiscard]] std::int64_t value() const noexcept { return value_; }
  [[nodiscard]] std::int64_t number() const noexcept { return value_ >> 10; }
  /// Words of the title that are no stop words; up to 15.
  [[nodiscard]] std::size_t title_words() const noexcept { return static_cast<std::size_t>(value_ >> 6 & 15); }
  /// In steps of half an octave.
  [[nodiscard]] double body_tokens() const noexcept { return std::exp2(static_cast<double>(value_ & 63) / 2); }

 private:
  static std::size_t half_octaves(std::size_t tokens) {
    return std::min<std::size_t>(63,
                                 static_cast<std::size_t>(std::lround(2 * std::log2(static_cast<double>(tokens) + 1))));
  }
  std::int64_t value_;
};

}  // namespace docupilot::inline v1::search
