#include "search/word_changes.h"

#include <optional>

namespace docupilot::inline v1::search {

namespace {

void append_number(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

// Small numbers of either sign stay small.
std::uint64_t fold_sign(std::int64_t value) noexcept {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unfold_sign(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
}

std::optional<std::uint64_t> take_number(std::string_view& from) noexcept {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(from.front());
    from.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

}  // namespace

void append_change(std::string& log, std::string_view word, const WordChange& change) {
  append_number(log, word.size());
  log += word;
  append_number(log, fold_sign(change.spelled));
  append_number(log, fold_sign(change.stemmed));
}

Result<void> read_changes(std::string_view log, const std::function<void(std::string_view, const WordChange&)>& use) {
  const auto damaged = [] {
    return Error(ErrorCode::corrupted, "the word log of the search index is damaged")
        .hint("remove the tables docupilot_search_* and index the documents again");
  };
  while (!log.empty()) {
    const auto size = take_number(log);
    if (!size || *size > log.size()) return damaged();
    const std::string_view word = log.substr(0, *size);
    log.remove_prefix(*size);
    const auto spelled = take_number(log);
    const auto stemmed = take_number(log);
    if (!spelled || !stemmed) return damaged();
    use(word, {unfold_sign(*spelled), unfold_sign(*stemmed)});
  }
  return {};
}

}  // namespace docupilot::inline v1::search
