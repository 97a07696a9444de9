#include "text/words.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include <utf8proc.h>

#include "base/utf8.h"
#include "text/characters.h"

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

struct Letter {
  Kind kind = Kind::separator;
  std::size_t size = 1;
};

Kind kind_of(std::int32_t c) noexcept {
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

Letter letter_at(std::string_view text, std::size_t position) noexcept {
  static constexpr auto kinds = make_kinds();
  if (position >= text.size()) return {};
  const Kind kind = kinds[static_cast<unsigned char>(text[position])];
  if (kind != Kind::beyond_ascii) return {kind, 1};
  const Character character = character_at(text, position);
  return {kind_of(character.code), character.size};
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
  while (position_ < text_.size()) {
    const Letter letter = letter_at(text_, position_);
    if (letter.kind == Kind::inside) break;
    position_ += letter.size;
  }
  if (position_ >= text_.size()) return false;
  const std::size_t begin = position_;
  for (Letter letter = letter_at(text_, begin); letter.kind != Kind::separator; letter = letter_at(text_, position_)) {
    if (letter.kind == Kind::joiner) {
      const Letter after = letter_at(text_, position_ + letter.size);
      if (after.kind != Kind::inside) break;
      letter.size += after.size;
    }
    position_ += letter.size;
  }
  word_ = {text_.substr(begin, position_ - begin), begin};
  return true;
}

std::string fold_case(std::string_view text) { return is_ascii(text) ? ascii_lower(text) : fold_unicode(text, false); }

std::string fold(std::string_view text) { return is_ascii(text) ? ascii_lower(text) : fold_unicode(text, true); }

}  // namespace docupilot::inline v1::text
