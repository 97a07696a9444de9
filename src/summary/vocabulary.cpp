#include "summary/vocabulary.h"

#include <array>
#include <cstring>

#include "text/words.h"

namespace docupilot::inline v1::extractive {

Vocabulary::Vocabulary(std::uint64_t seed) : seed_(seed), slots_(1024) {
  spellings_.reserve(2048);
  entries_.reserve(256);
  words_.reserve(256);
}

std::uint64_t Vocabulary::hash(std::string_view spelling) const noexcept {
  std::uint64_t hash = seed_ ^ spelling.size();
  while (!spelling.empty()) {
    std::uint64_t block = 0;
    const std::size_t count = std::min(sizeof block, spelling.size());
    std::memcpy(&block, spelling.data(), count);
    hash = (hash ^ block) * 0x9e3779b97f4a7c15U;
    hash ^= hash >> 32U;
    spelling.remove_prefix(count);
  }
  return hash * 0xd6e8feb86659fd93U;
}

const Vocabulary::Entry* Vocabulary::find(std::string_view spelling, std::uint64_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash >> 40U & mask; slots_[i] != 0; i = (i + 1) & mask) {
    const Entry& entry = entries_[slots_[i] - 1];
    if (entry.hash == hash && std::string_view(spellings_).substr(entry.begin, entry.size) == spelling) return &entry;
  }
  return nullptr;
}

void Vocabulary::add(std::string_view spelling, std::uint64_t hash, std::uint32_t id) {
  const auto insert = [&](std::uint64_t of, std::size_t entry) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = of >> 40U & mask;
    while (slots_[i] != 0) i = (i + 1) & mask;
    slots_[i] = static_cast<std::uint32_t>(entry + 1);
  };
  entries_.push_back(
      {hash, static_cast<std::uint32_t>(spellings_.size()), static_cast<std::uint32_t>(spelling.size()), id});
  spellings_ += spelling;
  if (2 * entries_.size() <= slots_.size()) {
    insert(hash, entries_.size() - 1);
    return;
  }
  slots_.assign(4 * slots_.size(), 0);
  for (std::size_t i = 0; i < entries_.size(); ++i) insert(entries_[i].hash, i);
}

std::uint32_t Vocabulary::folded_id(std::string_view folded) {
  const std::uint64_t key = hash(folded);
  if (const Entry* entry = find(folded, key)) return entry->id;
  const std::uint32_t id = size();
  words_.push_back(static_cast<std::uint32_t>(entries_.size()));
  add(folded, key, id);
  return id;
}

std::uint32_t Vocabulary::id(std::string_view spelling) {
  std::array<char, 48> folded;
  if (spelling.size() <= folded.size()) {
    unsigned char all = 0;
    for (std::size_t i = 0; i < spelling.size(); ++i) {
      const char c = spelling[i];
      all = static_cast<unsigned char>(all | static_cast<unsigned char>(c));
      folded[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    }
    if (all < 0x80) return folded_id({folded.data(), spelling.size()});
  }
  // Folding costs more than looking up, so each spelling is folded once and remembered.
  const std::uint64_t key = hash(spelling);
  if (const Entry* entry = find(spelling, key)) return entry->id;
  const std::string word = text::fold_case(spelling);
  const std::uint32_t id = folded_id(word);
  if (word != spelling) add(spelling, key, id);
  return id;
}

std::string_view Vocabulary::word(std::uint32_t id) const noexcept {
  const Entry& entry = entries_[words_[id]];
  return std::string_view(spellings_).substr(entry.begin, entry.size);
}

}  // namespace docupilot::inline v1::extractive
