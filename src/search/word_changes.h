#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <docupilot/base/result.h>

namespace docupilot::inline v1::search {

/// How the number of documents with a word changes: with the word as spelled, and with any word of which it is the
/// stem.
struct WordChange {
  std::int64_t spelled = 0;
  std::int64_t stemmed = 0;
};

/// A hash that costs less than a look at the map: the standard one is most of the time of counting words.
struct WordHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view word) const noexcept {
    constexpr std::uint64_t factor = 0x9e3779b97f4a7c15;
    std::uint64_t hash = word.size() * factor;
    for (; word.size() > 8; word.remove_prefix(8)) hash = mix(hash ^ load(word.data(), 8));
    hash = mix(hash ^ load(word.data(), word.size()));
    return static_cast<std::size_t>(hash);
  }

 private:
  static std::uint64_t load(const char* bytes, std::size_t size) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes, size);
    return value;
  }
  static std::uint64_t mix(std::uint64_t value) noexcept {
    value ^= value >> 32;
    value *= 0xff51afd7ed558ccd;
    value ^= value >> 29;
    value *= 0xc4ceb9fe1a85ec53;
    return value ^ value >> 32;
  }
};

template <class T>
using WordMap = std::unordered_map<std::string, T, WordHash, std::equal_to<>>;

/// Adds a change to a log entry: length of the word, the word, both numbers, all as variable-length integers.
void append_change(std::string& log, std::string_view word, const WordChange& change);
/// Calls `use` for each change of a log entry. Errors: corrupted.
[[nodiscard]] Result<void> read_changes(std::string_view log,
                                        const std::function<void(std::string_view, const WordChange&)>& use);

}  // namespace docupilot::inline v1::search
