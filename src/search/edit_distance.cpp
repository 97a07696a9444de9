#include "search/edit_distance.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/utf8.h"

namespace docupilot::inline v1::search {

namespace {

bool is_ascii(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Characters as numbers; only whether they are equal matters.
std::u32string characters(std::string_view text) {
  std::u32string out;
  while (!text.empty()) {
    const std::size_t size = std::max<std::size_t>(1, utf8_sequence(text));
    char32_t c = 0;
    for (const char byte : text.substr(0, size)) c = c << 8 | static_cast<unsigned char>(byte);
    out.push_back(c);
    text.remove_prefix(size);
  }
  return out;
}

template <class Text>
std::size_t distance(Text a, Text b, std::size_t most) {
  while (!a.empty() && !b.empty() && a.front() == b.front()) {
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  while (!a.empty() && !b.empty() && a.back() == b.back()) {
    a.remove_suffix(1);
    b.remove_suffix(1);
  }
  const std::size_t least = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (least > most) return most + 1;
  if (a.empty() || b.empty()) return least;
  constexpr std::size_t small = 65;
  std::array<std::size_t, 3 * small> on_stack;
  std::vector<std::size_t> on_heap;
  const std::size_t width = b.size() + 1;
  if (width > small) on_heap.resize(3 * width);
  std::size_t* before = on_heap.empty() ? on_stack.data() : on_heap.data();
  std::size_t* last = before + width;
  std::size_t* row = last + width;
  for (std::size_t j = 0; j < width; ++j) last[j] = before[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    std::size_t best = i;
    for (std::size_t j = 1; j < width; ++j) {
      std::size_t cost = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) cost = std::min(cost, before[j - 2] + 1);
      row[j] = cost;
      best = std::min(best, cost);
    }
    if (best > most) return most + 1;
    std::size_t* const oldest = before;
    before = last;
    last = row;
    row = oldest;
  }
  return std::min(last[b.size()], most + 1);
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t most) {
  if (is_ascii(a) && is_ascii(b)) return distance(a, b, most);
  const std::u32string x = characters(a);
  const std::u32string y = characters(b);
  return distance(std::u32string_view(x), std::u32string_view(y), most);
}

}  // namespace docupilot::inline v1::search
