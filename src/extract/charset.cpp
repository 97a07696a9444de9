#include "extract/charset.h"

#include <uchardet.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/utf8.h"

namespace docupilot::inline v1 {

namespace {

struct Labelled {
  Charset charset;
  std::string_view labels;  // lower case, each between blanks
};

// The WHATWG Encoding Standard, 4.2, without what iconv lacks; names that only uchardet uses are added.
constexpr std::array labelled{
    Labelled{utf8_charset, " utf-8 utf8 unicode-1-1-utf-8 x-unicode20utf8 "},
    Labelled{windows_1252,
             " windows-1252 cp1252 x-cp1252 iso-8859-1 iso8859-1 iso_8859-1 latin1 l1 us-ascii ascii ansi_x3.4-1968 "
             "iso88591 cp819 ibm819 "},
    Labelled{{"UTF-16LE", "UTF-16LE"}, " utf-16le utf-16 unicode ucs-2 iso-10646-ucs-2 "},
    Labelled{{"UTF-16BE", "UTF-16BE"}, " utf-16be unicodefffe "},
    Labelled{{"UTF-32LE", "UTF-32LE"}, " utf-32le utf-32 "},
    Labelled{{"UTF-32BE", "UTF-32BE"}, " utf-32be "},
    Labelled{{"ISO-8859-2", "ISO-8859-2"}, " iso-8859-2 iso8859-2 iso_8859-2 latin2 l2 csisolatin2 "},
    Labelled{{"ISO-8859-3", "ISO-8859-3"}, " iso-8859-3 iso8859-3 latin3 l3 csisolatin3 "},
    Labelled{{"ISO-8859-4", "ISO-8859-4"}, " iso-8859-4 iso8859-4 latin4 l4 csisolatin4 "},
    Labelled{{"ISO-8859-5", "ISO-8859-5"}, " iso-8859-5 iso8859-5 cyrillic csisolatincyrillic "},
    Labelled{{"ISO-8859-6", "ISO-8859-6"}, " iso-8859-6 iso8859-6 arabic csisolatinarabic "},
    Labelled{{"ISO-8859-7", "ISO-8859-7"}, " iso-8859-7 iso8859-7 greek csisolatingreek "},
    Labelled{{"ISO-8859-8", "ISO-8859-8"}, " iso-8859-8 iso8859-8 iso-8859-8-i hebrew csisolatinhebrew "},
    Labelled{{"ISO-8859-10", "ISO-8859-10"}, " iso-8859-10 iso8859-10 latin6 l6 "},
    Labelled{{"ISO-8859-13", "ISO-8859-13"}, " iso-8859-13 iso8859-13 "},
    Labelled{{"ISO-8859-14", "ISO-8859-14"}, " iso-8859-14 iso8859-14 "},
    Labelled{{"ISO-8859-15", "ISO-8859-15"}, " iso-8859-15 iso8859-15 latin9 l9 csisolatin9 "},
    Labelled{{"ISO-8859-16", "ISO-8859-16"}, " iso-8859-16 "},
    Labelled{{"windows-1250", "CP1250"}, " windows-1250 cp1250 x-cp1250 "},
    Labelled{{"windows-1251", "CP1251"}, " windows-1251 cp1251 x-cp1251 "},
    Labelled{{"windows-1253", "CP1253"}, " windows-1253 cp1253 x-cp1253 "},
    Labelled{{"windows-1254", "CP1254"}, " windows-1254 cp1254 x-cp1254 iso-8859-9 iso8859-9 latin5 l5 "},
    Labelled{{"windows-1255", "CP1255"}, " windows-1255 cp1255 x-cp1255 "},
    Labelled{{"windows-1256", "CP1256"}, " windows-1256 cp1256 x-cp1256 "},
    Labelled{{"windows-1257", "CP1257"}, " windows-1257 cp1257 x-cp1257 "},
    Labelled{{"windows-1258", "CP1258"}, " windows-1258 cp1258 x-cp1258 viscii "},
    Labelled{{"windows-874", "CP874"}, " windows-874 tis-620 iso-8859-11 iso8859-11 dos-874 "},
    Labelled{{"KOI8-R", "KOI8-R"}, " koi8-r koi koi8 koi8_r cskoi8r "},
    Labelled{{"KOI8-U", "KOI8-U"}, " koi8-u koi8-ru "},
    Labelled{{"IBM866", "CP866"}, " ibm866 866 cp866 csibm866 "},
    Labelled{{"IBM852", "CP852"}, " ibm852 cp852 852 "},
    Labelled{{"IBM855", "CP855"}, " ibm855 cp855 855 "},
    Labelled{{"macintosh", "MACINTOSH"}, " macintosh mac x-mac-roman csmacintosh "},
    Labelled{{"x-mac-cyrillic", "MAC-CYRILLIC"}, " x-mac-cyrillic x-mac-ukrainian mac-cyrillic "},
    Labelled{{"Shift_JIS", "CP932"}, " shift_jis shift-jis sjis ms_kanji ms932 windows-31j x-sjis csshiftjis "},
    Labelled{{"EUC-JP", "EUC-JP"}, " euc-jp x-euc-jp cseucpkdfmtjapanese "},
    Labelled{{"ISO-2022-JP", "ISO-2022-JP"}, " iso-2022-jp csiso2022jp "},
    Labelled{{"EUC-KR", "CP949"}, " euc-kr uhc cp949 ks_c_5601-1987 korean ksc5601 windows-949 cseuckr "},
    Labelled{{"GB18030", "GB18030"}, " gb18030 gbk gb2312 gb_2312-80 chinese x-gbk cp936 csgb2312 "},
    Labelled{{"Big5", "BIG5-HKSCS"}, " big5 big5-hkscs cn-big5 x-x-big5 csbig5 "},
};

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool is_letter(unsigned char c) noexcept {
  return lower(static_cast<char>(c)) >= 'a' && lower(static_cast<char>(c)) <= 'z';
}
bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

/// Where `word`, in lower case, begins in `text`, whatever its case.
std::size_t find_word(std::string_view text, std::string_view word, std::size_t from) noexcept {
  const auto found = std::search(text.begin() + static_cast<std::ptrdiff_t>(std::min(from, text.size())), text.end(),
                                 word.begin(), word.end(), [](char a, char b) { return lower(a) == b; });
  return found == text.end() ? std::string_view::npos : static_cast<std::size_t>(found - text.begin());
}

/// The value after `name` and "=" at or after `from`, quoted or not.
std::string_view value_after(std::string_view text, std::string_view name, std::size_t from) noexcept {
  for (std::size_t at = find_word(text, name, from); at != std::string_view::npos; at = find_word(text, name, at + 1)) {
    std::size_t i = at + name.size();
    while (i < text.size() && is_space(text[i])) ++i;
    if (i >= text.size() || text[i] != '=') continue;
    do ++i;
    while (i < text.size() && is_space(text[i]));
    if (i < text.size() && (text[i] == '"' || text[i] == '\'')) ++i;
    const std::size_t end = std::min(text.find_first_of("\"'; \t\r\n\f>/?,", i), text.size());
    if (end > i) return text.substr(i, end - i);
  }
  return {};
}

bool text_in_utf16(std::string_view head, bool big_endian) noexcept {
  std::size_t familiar = 0;
  bool high_before = false;
  for (std::size_t i = 0; i + 1 < head.size(); i += 2) {
    const unsigned first = static_cast<unsigned char>(head[i]);
    const unsigned second = static_cast<unsigned char>(head[i + 1]);
    const unsigned unit = big_endian ? first << 8U | second : second << 8U | first;
    const bool low = unit >= 0xdc00 && unit < 0xe000;
    if (low != high_before) return false;
    high_before = unit >= 0xd800 && unit < 0xdc00;
    if (unit < 0x20 && unit != '\t' && unit != '\n' && unit != '\r' && unit != '\f') return false;
    if ((unit >= 0x7f && unit < 0xa0) || unit >= 0xfffe || (unit >= 0xe000 && unit < 0xf900)) return false;
    familiar += unit < 0x7f ? 1U : 0U;
  }
  // ASCII, such as blanks and line ends, is at least one character in fifty; in a few characters, half of them.
  const std::size_t units = head.size() / 2;
  return familiar * (units < 32 ? 2 : 50) >= units;
}

struct Utf8Count {
  std::size_t valid = 0;    // sequences of two bytes and more
  std::size_t invalid = 0;  // bytes
};

Utf8Count count_utf8(std::string_view sample, bool complete) noexcept {
  Utf8Count count;
  while (!sample.empty()) {
    const std::size_t length = utf8_sequence(sample);
    if (length > 1) ++count.valid;
    if (length == 0) {
      const auto first = static_cast<unsigned char>(sample[0]);
      const std::size_t wanted = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
      if (!complete && first >= 0xc2 && sample.size() < wanted) break;  // cut by the end of the sample
      ++count.invalid;
    }
    sample.remove_prefix(std::max<std::size_t>(1, length));
  }
  return count;
}

std::string_view ask_uchardet(std::string_view sample, std::string& name) {
  const std::unique_ptr<uchardet, decltype(&uchardet_delete)> detector(uchardet_new(), &uchardet_delete);
  if (!detector || uchardet_handle_data(detector.get(), sample.data(), sample.size()) != 0) return {};
  uchardet_data_end(detector.get());
  return name = uchardet_get_charset(detector.get());
}

}  // namespace

std::optional<Charset> find_charset(std::string_view label) noexcept {
  while (!label.empty() && is_space(label.front())) label.remove_prefix(1);
  while (!label.empty() && is_space(label.back())) label.remove_suffix(1);
  std::array<char, 32> padded{};
  if (label.empty() || label.size() + 2 > padded.size() || label.find(' ') != std::string_view::npos) return {};
  padded[0] = padded[label.size() + 1] = ' ';
  std::transform(label.begin(), label.end(), padded.begin() + 1, lower);
  const std::string_view wanted(padded.data(), label.size() + 2);
  for (const Labelled& entry : labelled) {
    if (entry.labels.find(wanted) != std::string_view::npos) return entry.charset;
  }
  return {};
}

std::string_view charset_parameter(std::string_view content_type) noexcept {
  const std::size_t semicolon = content_type.find(';');
  return semicolon == std::string_view::npos ? "" : value_after(content_type, "charset", semicolon);
}

std::string_view embedded_charset(std::string_view head) noexcept {
  head = head.substr(0, 4096);
  if (head.starts_with("<?xml")) {
    if (const auto label = value_after(head.substr(0, head.find("?>")), "encoding", 0); !label.empty()) return label;
  }
  for (std::size_t at = find_word(head, "<meta", 0); at != std::string_view::npos;
       at = find_word(head, "<meta", at + 1)) {
    const std::string_view tag = head.substr(at, head.find('>', at) - at);
    if (const auto label = value_after(tag, "charset", 0); !label.empty()) return label;
  }
  return {};
}

std::optional<Charset> marked_charset(std::string_view head, std::size_t& mark_size) noexcept {
  using namespace std::string_view_literals;
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> marks{{{"\xef\xbb\xbf"sv, "utf-8"},
                                                                                       {"\xff\xfe\0\0"sv, "utf-32le"},
                                                                                       {"\0\0\xfe\xff"sv, "utf-32be"},
                                                                                       {"\xff\xfe"sv, "utf-16le"},
                                                                                       {"\xfe\xff"sv, "utf-16be"}}};
  for (const auto& [mark, label] : marks) {
    if (!head.starts_with(mark)) continue;
    mark_size = mark.size();
    return find_charset(label);
  }
  return {};
}

std::optional<Charset> unmarked_utf16(std::string_view head) noexcept {
  if (head.size() < 2 || head.size() % 2 != 0 || head.find('\0') == std::string_view::npos) return {};
  // UTF-8 with a stray NUL in it is damaged text: UTF-16 of alphabets has a byte below 0x20 in nearly every character.
  if (has_few_binary_bytes(head) && count_utf8(head, false).invalid == 0) return {};
  const bool little = text_in_utf16(head, false);
  const bool big = text_in_utf16(head, true);
  if (little == big) return {};
  return find_charset(little ? "utf-16le" : "utf-16be");
}

bool has_binary_bytes(std::string_view bytes) noexcept {
  // The controls of the MIME Sniffing Standard, 3, without backspace, which old manuals use to print in bold.
  return std::any_of(bytes.begin(), bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && (byte < 0x08 || byte == 0x0b || (byte > 0x0d && byte != 0x1b));
  });
}

bool has_few_binary_bytes(std::string_view bytes) noexcept {
  const auto binary = std::count_if(bytes.begin(), bytes.end(), [](char c) { return has_binary_bytes({&c, 1}); });
  return static_cast<std::size_t>(binary) * 10 < bytes.size();
}

bool plausible_windows_1252(std::string_view sample) noexcept {
  // 0x80..0x9f that are letters; the letters from 0xc0 on that western languages of the mainland do not use.
  static constexpr std::string_view letters_below = "\x83\x8a\x8c\x8e\x9a\x9c\x9e\x9f";
  static constexpr std::string_view unused = "\x81\x8d\x8f\x90\x9d";
  static constexpr std::string_view rare = "\xd0\xde\xdd\xf0\xfe\xfd\xd7\xf7";
  if (const Utf8Count utf8 = count_utf8(sample, false); utf8.valid > utf8.invalid) return false;
  std::size_t ascii_letters = 0;
  std::size_t letters = 0;
  unsigned run = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const auto byte = static_cast<unsigned char>(sample[i]);
    if (byte < 0x80) {
      ascii_letters += is_letter(byte) ? 1U : 0U;
      run = 0;
      continue;
    }
    if (unused.find(sample[i]) != std::string_view::npos || rare.find(sample[i]) != std::string_view::npos)
      return false;
    const bool letter = byte >= 0xc0 || letters_below.find(sample[i]) != std::string_view::npos;
    if (letter && ++run > 2) return false;
    if (!letter) run = 0;
    letters += letter ? 1U : 0U;
    const bool inside = i > 0 && i + 1 < sample.size() && is_letter(static_cast<unsigned char>(sample[i - 1])) &&
                        is_letter(static_cast<unsigned char>(sample[i + 1]));
    const bool joins = byte == 0x92 || byte == 0xb7 || byte == 0xad || byte == 0x96 || byte == 0x97 || byte == 0x85;
    if (!letter && inside && !joins && byte != 0xa0) return false;  // a sign in the middle of a word
  }
  return letters == 0 || letters <= 2 + ascii_letters / 2;
}

Result<Charset> detect_charset(std::string_view sample, bool complete) {
  const Utf8Count utf8 = count_utf8(sample, complete);
  const bool escapes = sample.find('\x1b') != std::string_view::npos;
  if (utf8.invalid == 0 && (!escapes || utf8.valid > 0)) return utf8_charset;
  if (utf8.valid > utf8.invalid) {
    return Error(ErrorCode::corrupted, "the text is UTF-8 with damaged bytes in it")
        .hint("save it again as UTF-8, or name its charset in the content type");
  }
  std::string name;
  std::optional<Charset> guess = find_charset(ask_uchardet(sample, name));
  if (guess && is_wide(*guess)) guess.reset();  // it takes FF FE in the middle of a text for a mark
  if (utf8.invalid == 0) {  // ASCII with escapes: a terminal's colours, unless they switch to Japanese
    return guess && guess->name == "ISO-2022-JP" ? *guess : utf8_charset;
  }
  // On a few letters the Latin charsets look alike, and some are so rare that they are nearly always a wrong guess. The
  // western one is by far the most common.
  const auto high = static_cast<std::size_t>(
      std::count_if(sample.begin(), sample.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; }));
  static constexpr std::array<std::string_view, 6> rare{"ISO-8859-3",  "ISO-8859-4",  "ISO-8859-10",
                                                        "ISO-8859-13", "ISO-8859-14", "ISO-8859-16"};
  const bool guess_is_rare = guess && std::find(rare.begin(), rare.end(), guess->name) != rare.end();
  const bool guess_is_weak = !guess || *guess == windows_1252 || *guess == utf8_charset || guess_is_rare ||
                             (high < 8 && guess->name == "ISO-8859-2");
  if (!guess_is_weak) return *guess;
  if (plausible_windows_1252(sample)) return windows_1252;
  if (guess && guess->name != utf8_charset.name && *guess != windows_1252) return *guess;
  return Error(ErrorCode::corrupted, "the bytes are no text in any charset that could be told")
      .hint("name the charset in the content type, for example text/plain; charset=koi8-r");
}

}  // namespace docupilot::inline v1
