#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace docupilot::inline v1::extractive {

/// Numbers the distinct words of a text, in the order in which they appear.
class Vocabulary {
 public:
  /// `seed` makes the hash unpredictable, so no text can be written that makes it slow; it changes no result.
  explicit Vocabulary(std::uint64_t seed);

  /// The number of a word; spellings that differ in case only have the same one.
  [[nodiscard]] std::uint32_t id(std::string_view spelling);
  /// The word with this number, as `text::fold_case` gives it. Good until the next call of `id`.
  [[nodiscard]] std::string_view word(std::uint32_t id) const noexcept;
  /// How many there are: the numbers are below.
  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(words_.size()); }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::uint32_t begin = 0;  // of its spelling in spellings_
    std::uint32_t size = 0;
    std::uint32_t id = 0;
  };

  [[nodiscard]] std::uint64_t hash(std::string_view spelling) const noexcept;
  // The entry of a spelling, or null.
  [[nodiscard]] const Entry* find(std::string_view spelling, std::uint64_t hash) const noexcept;
  void add(std::string_view spelling, std::uint64_t hash, std::uint32_t id);
  std::uint32_t folded_id(std::string_view folded);

  std::uint64_t seed_;
  std::string spellings_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> words_;  // id -> entry
  std::vector<std::uint32_t> slots_;  // entry + 1, by hash; 0 is free
};

}  // namespace docupilot::inline v1::extractive
