#include "extract/content_type.h"

#include <docupilot/extract/extractor.h>

#include <algorithm>
#include <array>

#include "extract/charset.h"

namespace docupilot::inline v1 {

namespace {

using namespace std::string_view_literals;

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  std::string_view type;
};

constexpr std::array signatures{
    Signature{0, "%PDF-"sv, pdf_type},
    Signature{0, "\x89PNG\r\n\x1a\n"sv, "image/png"sv},
    Signature{0, "\xff\xd8\xff"sv, "image/jpeg"sv},
    Signature{0, "GIF87a"sv, "image/gif"sv},
    Signature{0, "GIF89a"sv, "image/gif"sv},
    Signature{8, "WEBPVP8"sv, "image/webp"sv},
    Signature{0, "II*\0"sv, "image/tiff"sv},
    Signature{0, "MM\0*"sv, "image/tiff"sv},
    Signature{0, "\0\0\1\0"sv, "image/vnd.microsoft.icon"sv},
    Signature{0, "8BPS\0\1"sv, "image/vnd.adobe.photoshop"sv},
    Signature{0, "\0\0\0\x0cjP  \r\n\x87\n"sv, "image/jp2"sv},
    Signature{4, "ftypavif"sv, "image/avif"sv},
    Signature{4, "ftypheic"sv, "image/heic"sv},
    Signature{4, "ftypqt  "sv, "video/quicktime"sv},
    Signature{4, "ftypM4A "sv, "audio/mp4"sv},
    Signature{4, "ftyp"sv, "video/mp4"sv},
    Signature{0, "\x1a\x45\xdf\xa3"sv, "video/x-matroska"sv},
    Signature{0, "OggS\0"sv, "audio/ogg"sv},
    Signature{0, "fLaC\0"sv, "audio/flac"sv},
    Signature{0, "ID3\2"sv, "audio/mpeg"sv},
    Signature{0, "ID3\3"sv, "audio/mpeg"sv},
    Signature{0, "ID3\4"sv, "audio/mpeg"sv},
    Signature{0, "\xff\xfb\x90"sv, "audio/mpeg"sv},
    Signature{8, "WAVEfmt "sv, "audio/vnd.wave"sv},
    Signature{8, "AVI LIST"sv, "video/x-msvideo"sv},
    Signature{0, "MThd\0\0\0\6"sv, "audio/midi"sv},
    Signature{0, "FLV\1"sv, "video/x-flv"sv},
    Signature{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"sv, "video/x-ms-asf"sv},
    Signature{0, "PK\3\4"sv, zip_type},
    Signature{0, "PK\5\6"sv, zip_type},
    Signature{0, "\x1f\x8b\x08"sv, "application/gzip"sv},
    Signature{0, "BZh91AY&SY"sv, "application/x-bzip2"sv},
    Signature{0, "\xfd\x37zXZ\0"sv, "application/x-xz"sv},
    Signature{0, "\x28\xb5\x2f\xfd"sv, "application/zstd"sv},
    Signature{0, "\x04\x22\x4d\x18"sv, "application/x-lz4"sv},
    Signature{0, "7z\xbc\xaf\x27\x1c"sv, "application/x-7z-compressed"sv},
    Signature{0, "Rar!\x1a\x07"sv, "application/vnd.rar"sv},
    Signature{257, "ustar"sv, "application/x-tar"sv},
    Signature{0, "!<arch>\ndebian-binary"sv, "application/vnd.debian.binary-package"sv},
    Signature{0, "!<arch>\n"sv, "application/x-archive"sv},
    Signature{0, "MSCF\0\0\0\0"sv, "application/vnd.ms-cab-compressed"sv},
    Signature{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, ole_type},
    Signature{0, "{\\rtf"sv, "application/rtf"sv},
    Signature{0, "%!PS"sv, "application/postscript"sv},
    Signature{0, "AT&TFORM"sv, "image/vnd.djvu"sv},
    Signature{0, "\177ELF"sv, "application/x-elf"sv},
    Signature{0, "MZ\x90\0"sv, "application/vnd.microsoft.portable-executable"sv},
    Signature{0, "\xca\xfe\xba\xbe"sv, "application/java-vm"sv},
    Signature{0, "\xcf\xfa\xed\xfe"sv, "application/x-mach-binary"sv},
    Signature{0, "\0asm\1\0\0\0"sv, "application/wasm"sv},
    Signature{0, "SQLite format 3\0"sv, "application/vnd.sqlite3"sv},
    Signature{0, "PAR1"sv, "application/vnd.apache.parquet"sv},
    Signature{0, "wOFF"sv, "font/woff"sv},
    Signature{0, "wOF2"sv, "font/woff2"sv},
    Signature{0, "\0\1\0\0\0"sv, "font/ttf"sv},
    Signature{0, "OTTO\0"sv, "font/otf"sv},
    Signature{0, "\xd4\xc3\xb2\xa1"sv, "application/vnd.tcpdump.pcap"sv},
};

// Documents that are a zip archive tell by the names of the files in it.
constexpr std::array zip_kinds{
    std::pair{"mimetypeapplication/epub+zip"sv, "application/epub+zip"sv},
    std::pair{"mimetypeapplication/vnd.oasis.opendocument.text"sv, "application/vnd.oasis.opendocument.text"sv},
    std::pair{"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"sv,
              "application/vnd.oasis.opendocument.spreadsheet"sv},
    std::pair{"mimetypeapplication/vnd.oasis.opendocument.presentation"sv,
              "application/vnd.oasis.opendocument.presentation"sv},
    std::pair{"word/"sv, docx_type},
    std::pair{"xl/"sv, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"sv},
    std::pair{"ppt/"sv, "application/vnd.openxmlformats-officedocument.presentationml.presentation"sv},
    std::pair{"META-INF/MANIFEST.MF"sv, "application/java-archive"sv},
};

constexpr std::array endings{
    std::pair{"txt"sv, plain_type},
    std::pair{"text"sv, plain_type},
    std::pair{"log"sv, plain_type},
    std::pair{"md"sv, markdown_type},
    std::pair{"markdown"sv, markdown_type},
    std::pair{"mkd"sv, markdown_type},
    std::pair{"mdown"sv, markdown_type},
    std::pair{"html"sv, html_type},
    std::pair{"htm"sv, html_type},
    std::pair{"xhtml"sv, xhtml_type},
    std::pair{"xht"sv, xhtml_type},
    std::pair{"pdf"sv, pdf_type},
    std::pair{"docx"sv, docx_type},
    std::pair{"docm"sv, docx_type},
    std::pair{"dotx"sv, docx_type},
    std::pair{"csv"sv, "text/csv"sv},
    std::pair{"tsv"sv, "text/tab-separated-values"sv},
    std::pair{"css"sv, "text/css"sv},
    std::pair{"js"sv, "text/javascript"sv},
    std::pair{"mjs"sv, "text/javascript"sv},
    std::pair{"json"sv, "application/json"sv},
    std::pair{"jsonl"sv, "application/jsonl"sv},
    std::pair{"xml"sv, "application/xml"sv},
    std::pair{"yaml"sv, "application/yaml"sv},
    std::pair{"yml"sv, "application/yaml"sv},
    std::pair{"toml"sv, "application/toml"sv},
    std::pair{"sql"sv, "application/sql"sv},
    std::pair{"sh"sv, "application/x-sh"sv},
    std::pair{"rst"sv, "text/x-rst"sv},
    std::pair{"tex"sv, "text/x-tex"sv},
    std::pair{"ics"sv, "text/calendar"sv},
    std::pair{"vcf"sv, "text/vcard"sv},
    std::pair{"svg"sv, "image/svg+xml"sv},
    std::pair{"rtf"sv, "application/rtf"sv},
    std::pair{"doc"sv, "application/msword"sv},
    std::pair{"xls"sv, "application/vnd.ms-excel"sv},
    std::pair{"ppt"sv, "application/vnd.ms-powerpoint"sv},
    std::pair{"xlsx"sv, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"sv},
    std::pair{"pptx"sv, "application/vnd.openxmlformats-officedocument.presentationml.presentation"sv},
    std::pair{"odt"sv, "application/vnd.oasis.opendocument.text"sv},
    std::pair{"ods"sv, "application/vnd.oasis.opendocument.spreadsheet"sv},
    std::pair{"odp"sv, "application/vnd.oasis.opendocument.presentation"sv},
    std::pair{"epub"sv, "application/epub+zip"sv},
    std::pair{"zip"sv, zip_type},
    std::pair{"gz"sv, "application/gzip"sv},
    std::pair{"tar"sv, "application/x-tar"sv},
    std::pair{"7z"sv, "application/x-7z-compressed"sv},
    std::pair{"png"sv, "image/png"sv},
    std::pair{"jpg"sv, "image/jpeg"sv},
    std::pair{"jpeg"sv, "image/jpeg"sv},
    std::pair{"gif"sv, "image/gif"sv},
    std::pair{"webp"sv, "image/webp"sv},
    std::pair{"tif"sv, "image/tiff"sv},
    std::pair{"tiff"sv, "image/tiff"sv},
    std::pair{"bmp"sv, "image/bmp"sv},
    std::pair{"ico"sv, "image/vnd.microsoft.icon"sv},
    std::pair{"mp3"sv, "audio/mpeg"sv},
    std::pair{"wav"sv, "audio/vnd.wave"sv},
    std::pair{"ogg"sv, "audio/ogg"sv},
    std::pair{"flac"sv, "audio/flac"sv},
    std::pair{"mp4"sv, "video/mp4"sv},
    std::pair{"mov"sv, "video/quicktime"sv},
    std::pair{"mkv"sv, "video/x-matroska"sv},
    std::pair{"avi"sv, "video/x-msvideo"sv},
};

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool starts_with_word(std::string_view text, std::string_view word) noexcept {
  return text.size() >= word.size() &&
         std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) { return a == lower(b); });
}

/// The rest after blanks, a byte order mark, comments and an XML declaration.
std::string_view skip_prologue(std::string_view head) noexcept {
  if (head.starts_with("\xef\xbb\xbf")) head.remove_prefix(3);
  for (;;) {
    head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n\f"), head.size()));
    const std::string_view end = head.starts_with("<!--") ? "-->"sv : head.starts_with("<?xml") ? "?>"sv : ""sv;
    if (end.empty()) return head;
    const std::size_t at = head.find(end);
    head.remove_prefix(at == std::string_view::npos ? head.size() : at + end.size());
  }
}

std::string_view type_of_markup(std::string_view head) noexcept {
  const std::string_view body = skip_prologue(head);
  const bool xml = head.find("<?xml") < std::min<std::size_t>(head.size(), 4);
  static constexpr std::array tags{"<!doctype html"sv, "<html"sv,  "<head"sv, "<body"sv, "<title"sv, "<h1"sv,
                                   "<script"sv,        "<table"sv, "<div"sv,  "<p>"sv};
  for (const std::string_view tag : tags) {
    if (!starts_with_word(body, tag)) continue;
    const char next = body.size() > tag.size() ? body[tag.size()] : '>';
    if (tag.back() != '>' && next != '>' && next != ' ' && next != '\t' && next != '\r' && next != '\n') continue;
    return xml ? xhtml_type : html_type;
  }
  if (starts_with_word(body, "<svg") || starts_with_word(body, "<!doctype svg")) return "image/svg+xml"sv;
  return xml ? "application/xml"sv : ""sv;
}

std::string_view type_of_zip(std::string_view head) noexcept {
  for (const auto& [text, type] : zip_kinds) {
    if (head.find(text) != std::string_view::npos) return type;
  }
  return zip_type;
}

bool is_zip_kind(std::string_view type) noexcept {
  return type.starts_with("application/vnd.openxmlformats") || type.starts_with("application/vnd.oasis") ||
         type == "application/epub+zip";
}

bool is_ole_kind(std::string_view type) noexcept {
  return type == "application/msword" || type == "application/vnd.ms-excel" || type == "application/vnd.ms-powerpoint";
}

bool has_signature(std::string_view type) noexcept {
  return is_zip_kind(type) || is_ole_kind(type) || type == "application/java-archive" ||
         std::any_of(signatures.begin(), signatures.end(), [&](const Signature& s) { return s.type == type; });
}

}  // namespace

std::string essence(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && (content_type.front() == ' ' || content_type.front() == '\t'))
    content_type.remove_prefix(1);
  while (!content_type.empty() && (content_type.back() == ' ' || content_type.back() == '\t'))
    content_type.remove_suffix(1);
  std::string type(content_type);
  std::transform(type.begin(), type.end(), type.begin(), lower);
  return type;
}

std::string_view type_of_signature(std::string_view head) noexcept {
  for (const Signature& signature : signatures) {
    if (head.size() < signature.offset + signature.bytes.size()) continue;
    if (head.substr(signature.offset, signature.bytes.size()) != signature.bytes) continue;
    if (signature.offset == 8 && !head.starts_with("RIFF")) continue;
    return signature.type == zip_type ? type_of_zip(head) : signature.type;
  }
  return {};
}

std::string_view type_of_name(std::string_view name) noexcept {
  const std::size_t dot = name.find_last_of("./\\");
  if (dot == std::string_view::npos || name[dot] != '.') return {};
  const std::string_view ending = name.substr(dot + 1);
  for (const auto& [known, type] : endings) {
    if (known.size() == ending.size() && starts_with_word(ending, known)) return type;
  }
  return {};
}

bool looks_like_text(std::string_view head) noexcept {
  std::size_t mark = 0;
  if (marked_charset(head, mark) && (mark == 3 || head.size() > mark)) return true;
  if (head.find('\0') != std::string_view::npos) return unmarked_utf16(head).has_value();
  return !has_binary_bytes(head);
}

bool is_textual(std::string_view type) noexcept {
  if (type == "text/rtf" || type == "text/richtext") return false;
  if (type.starts_with("text/") || type.ends_with("+json") || type.ends_with("+yaml")) return true;
  if (type.ends_with("+xml")) return type != "image/svg+xml";
  static constexpr std::array known{"application/json"sv,       "application/jsonl"sv,   "application/x-ndjson"sv,
                                    "application/xml"sv,        "application/yaml"sv,    "application/x-yaml"sv,
                                    "application/toml"sv,       "application/sql"sv,     "application/x-sh"sv,
                                    "application/javascript"sv, "application/x-subrip"sv};
  return std::find(known.begin(), known.end(), type) != known.end();
}

std::string detect_content_type(std::string_view name, ByteView bytes) {
  const std::string_view head = as_text(bytes).substr(0, 4096);
  const std::string_view named = type_of_name(name);
  if (const std::string_view proven = type_of_signature(head); !proven.empty()) {
    if (proven == zip_type && is_zip_kind(named)) return std::string(named);
    if (proven == ole_type && is_ole_kind(named)) return std::string(named);
    return std::string(proven);
  }
  if (head.empty()) return std::string(named.empty() ? binary_type : named);
  if (named == pdf_type && head.substr(0, 1024).find("%PDF-") != std::string_view::npos) return std::string(pdf_type);
  if (looks_like_text(head)) {
    const std::string_view markup = type_of_markup(head);
    // The name knows better what kind of text it is, unless it says that it is not text.
    if (is_textual(named) && named != plain_type) return std::string(named);
    if (!markup.empty() && named != plain_type) return std::string(markup);
    return std::string(plain_type);
  }
  // A text with a few wrong bytes stays one, so that reading it tells what is wrong.
  if (is_textual(named) && has_few_binary_bytes(head)) return std::string(named);
  const bool contradicted = named.empty() || is_textual(named) || has_signature(named);
  return std::string(contradicted ? binary_type : named);
}

}  // namespace docupilot::inline v1
