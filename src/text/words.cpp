#include "text/words.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include <utf8proc.h>

#include "base/utf8.h"

namespace docupilot::inline v1::text {

namespace {

enum class Kind : std::uint8_t { separator, inside, joiner, beyond_ascii };

constexpr std::array<Kind, 256> make_kinds() {
  std::array<Kind, 256> kinds{};
  kinds.fill(Kind::separator);
  for (std::size_t c = '0'; c <= '9'; ++c) kinds[c] = Kind::inside;
  for (std::size_t c = 'A'; c <= 'Z'; ++c) kinds[c] = kinds[c + 32] = Kind::inside;
  for (std::size_t c = 0x80; c < 256; ++c) kinds[c] = Kind::beyond_ascii;
  kinds['\''] = Kind::joiner;
  return kinds;
}

struct Character {
  Kind kind = Kind::separator;
  std::size_t size = 1;
};

Kind kind_of(utf8proc_int32_t c) noexcept {
  switch (c) {
    case 0x00ad:  // soft hyphen
    case 0x00b7:  // middle dot
    case 0x05f3:  // geresh
    case 0x05f4:  // gershayim
    case 0x200c:  // zero-width non-joiner
    case 0x200d:  // zero-width joiner
    case 0x2019:  // right single quotation mark
    case 0xff07:  // full-width apostrophe
      return Kind::joiner;
    default: break;
  }
  const utf8proc_category_t category = utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO ? Kind::inside : Kind::separator;
}

// The character at the front of a text that is not empty.
Character character_at(std::string_view text) noexcept {
  static constexpr auto kinds = make_kinds();
  const auto first = static_cast<unsigned char>(text.front());
  if (kinds[first] != Kind::beyond_ascii) return {kinds[first], 1};
  utf8proc_int32_t c = 0;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto size = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(std::min<std::size_t>(4, text.size())), &c);
  if (size < 1) return {};
  return {kind_of(c), static_cast<std::size_t>(size)};
}

bool is_ascii(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

// Accents of alphabets and points of abjads have combining classes of their own; vowel signs, viramas, nuktas and
// voicing marks (0, 7, 8, 9) and the signs of Thai, Lao and Tibetan (84 to 132) do not count as accents.
bool is_accent(utf8proc_int32_t c) noexcept {
  const auto* property = utf8proc_get_property(c);
  if (property->category != UTF8PROC_CATEGORY_MN) return false;
  const auto combining = property->combining_class;
  return combining == 1 || (combining >= 10 && combining <= 36) || combining >= 200;
}

// Letters that Unicode does not take apart, although readers take the stroke for an accent.
utf8proc_int32_t without_stroke(utf8proc_int32_t c) noexcept {
  switch (c) {
    case 0x00f8: return 'o';
    case 0x0111: return 'd';
    case 0x0127: return 'h';
    case 0x0131: return 'i';
    case 0x0142: return 'l';
    case 0x0167: return 't';
    default: return c;
  }
}

std::string fold_unicode(std::string_view text, bool strip_accents) {
  static constexpr auto decompose =
      static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto size = static_cast<utf8proc_ssize_t>(text.size());
  std::vector<utf8proc_int32_t> characters(text.size() + 16);
  auto count =
      utf8proc_decompose(bytes, size, characters.data(), static_cast<utf8proc_ssize_t>(characters.size()), decompose);
  if (count > static_cast<utf8proc_ssize_t>(characters.size())) {  // it has grown: now the size is known
    characters.resize(static_cast<std::size_t>(count));
    count = utf8proc_decompose(bytes, size, characters.data(), count, decompose);
  }
  if (count < 0) return fold_unicode(replace_invalid_utf8(text), strip_accents);
  characters.resize(static_cast<std::size_t>(count));
  std::ranges::replace(characters, 0x2019, '\'');
  if (strip_accents) {
    std::erase_if(characters, is_accent);
    std::ranges::transform(characters, characters.begin(), without_stroke);
  }
  count = utf8proc_normalize_utf32(characters.data(), static_cast<utf8proc_ssize_t>(characters.size()),
                                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  std::string out;
  out.reserve(text.size());
  for (utf8proc_ssize_t i = 0; i < count; ++i) {
    utf8proc_uint8_t encoded[4];
    const auto length = utf8proc_encode_char(characters[static_cast<std::size_t>(i)], encoded);
    out.append(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(length));
  }
  return out;
}

}  // namespace

bool WordReader::next() noexcept {
  const auto read = [&](std::size_t at) { return at < text_.size() ? character_at(text_.substr(at)) : Character{}; };
  while (position_ < text_.size()) {
    const Character character = read(position_);
    if (character.kind == Kind::inside) break;
    position_ += character.size;
  }
  if (position_ >= text_.size()) return false;
  const std::size_t begin = position_;
  for (Character character = read(begin); character.kind != Kind::separator; character = read(position_)) {
    if (character.kind == Kind::joiner) {
      const Character after = read(position_ + character.size);
      if (after.kind != Kind::inside) break;
      character.size += after.size;
    }
    position_ += character.size;
  }
  word_ = {text_.substr(begin, position_ - begin), begin};
  return true;
}

std::string fold_case(std::string_view text) { return is_ascii(text) ? ascii_lower(text) : fold_unicode(text, false); }

std::string fold(std::string_view text) { return is_ascii(text) ? ascii_lower(text) : fold_unicode(text, true); }

}  // namespace docupilot::inline v1::text
