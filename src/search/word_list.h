#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "search/dictionary.h"

namespace docupilot::inline v1::search {

/// The words of an index in memory, packed, to look for those that resemble another. Scanning 100,000 words takes
/// about a millisecond.
class WordList {
 public:
  /// Words that nobody can mean are passed over: those of one or two letters, of more than 40 bytes, and numbers.
  void add(std::string_view word, std::uint64_t documents);
  void append(const WordList& other);
  /// Takes every copy of the word out.
  void remove(std::string_view word);
  /// Words in the list, copies included.
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// Calls `use` with each word that begins so, and with the documents it had when it was added.
  template <class Use>
  void with_prefix(std::string_view prefix, Use&& use) const {
    for (const Entry& entry : entries_) {
      if (text(entry).starts_with(prefix)) use(text(entry), std::uint64_t{entry.documents});
    }
  }
  /// Words at most `most` edits away, the word itself left out: nearest first, then those with the same first letter,
  /// then the most frequent, then by bytes; `limit` at the most, each once.
  [[nodiscard]] std::vector<NearWord> nearest(std::string_view word, std::size_t most, std::size_t limit) const;

 private:
  struct Entry {
    std::uint32_t offset = 0;
    std::uint32_t letters = 0;    // which there are, one bit each
    std::uint32_t documents = 0;  // when it was added
    std::uint8_t size = 0;
    std::uint8_t characters = 0;
  };
  [[nodiscard]] std::string_view text(const Entry& entry) const noexcept {
    return std::string_view(text_).substr(entry.offset, entry.size);
  }
  std::string text_;
  std::vector<Entry> entries_;
};

/// The order in which words are likely to have been meant by `word`.
void sort_by_likelihood(std::vector<NearWord>& words, std::string_view word);

}  // namespace docupilot::inline v1::search
