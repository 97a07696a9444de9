#include "search/word_list.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <tuple>

#include "search/edit_distance.h"

namespace docupilot::inline v1::search {

namespace {

constexpr std::size_t longest_word = 40;

std::uint32_t letters_of(std::string_view word) noexcept {
  std::uint32_t bits = 0;
  for (const char c : word) {
    if (c >= 'a' && c <= 'z') bits |= 1U << (c - 'a');
    else if (c >= '0' && c <= '9') bits |= 1U << 26;
    else bits |= 1U << (27 + static_cast<unsigned char>(c) % 5);
  }
  return bits;
}

std::size_t characters_of(std::string_view word) noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(word, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool is_ascii(std::string_view word) noexcept {
  return std::ranges::all_of(word, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_number(std::string_view word) noexcept {
  return std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void WordList::add(std::string_view word, std::uint64_t documents) {
  const std::size_t characters = characters_of(word);
  if (characters < 3 || word.size() > longest_word || is_number(word)) return;
  if (text_.size() + word.size() > std::numeric_limits<std::uint32_t>::max()) return;
  entries_.push_back({static_cast<std::uint32_t>(text_.size()), letters_of(word),
                      static_cast<std::uint32_t>(std::min<std::uint64_t>(documents, 0xffffffff)),
                      static_cast<std::uint8_t>(word.size()), static_cast<std::uint8_t>(characters)});
  text_ += word;
}

void WordList::append(const WordList& other) {
  if (text_.size() + other.text_.size() > std::numeric_limits<std::uint32_t>::max()) return;
  const auto moved = static_cast<std::uint32_t>(text_.size());
  text_ += other.text_;
  for (Entry entry : other.entries_) {
    entry.offset += moved;
    entries_.push_back(entry);
  }
}

void WordList::remove(std::string_view word) {
  std::erase_if(entries_, [&](const Entry& entry) { return text(entry) == word; });
}

std::vector<NearWord> WordList::nearest(std::string_view word, std::size_t most, std::size_t limit) const {
  std::vector<NearWord> out;
  const std::size_t characters = characters_of(word);
  const std::uint32_t letters = letters_of(word);
  const bool ascii = is_ascii(word);
  for (const Entry& entry : entries_) {
    const std::size_t difference =
        entry.characters > characters ? entry.characters - characters : characters - entry.characters;
    if (difference > most) continue;
    // An edit changes at most two letters of ASCII.
    const bool is_comparable = ascii && entry.size == entry.characters;
    if (is_comparable && static_cast<std::size_t>(std::popcount(entry.letters ^ letters)) > 2 * most) continue;
    const std::string_view other = text(entry);
    const std::size_t distance = edit_distance(word, other, most);
    if (distance == 0 || distance > most) continue;
    out.push_back({std::string(other), distance, entry.documents});
  }
  sort_by_likelihood(out, word);
  const auto same = std::ranges::unique(out, {}, &NearWord::word);
  out.erase(same.begin(), same.end());
  if (out.size() > limit) out.resize(limit);
  return out;
}

void sort_by_likelihood(std::vector<NearWord>& words, std::string_view word) {
  const auto rank = [&](const NearWord& near) {
    return std::tuple(near.distance, near.word.front() != word.front(),
                      std::numeric_limits<std::uint64_t>::max() - near.documents, std::string_view(near.word));
  };
  std::ranges::sort(words, {}, rank);
}

}  // namespace docupilot::inline v1::search
