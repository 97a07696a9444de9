#include "store/s3_metadata.h"

#include <algorithm>
#include <charconv>

#include "base/utf8.h"
#include "crypto/random.h"
#include "http/header_text.h"
#include "http/http_date.h"
#include "http/percent.h"
#include "json/base64.h"
#include "store/s3_body.h"
#include "store/s3_wire.h"

namespace docupilot::inline v1::s3 {

namespace {

constexpr std::string_view prefix = "x-amz-meta-";
static_assert(prefix.size() == attribute_cost);
constexpr std::size_t largest_metadata = 2048;
constexpr std::size_t mark_digits = 32;
constexpr std::string_view word_start = "=?UTF-8?B?";

bool travels_as_it_is(std::string_view value) {
  if (value.starts_with("=?") || value.starts_with(' ') || value.ends_with(' ')) return false;
  if (value.find("  ") != std::string_view::npos) return false;
  return std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
}

/// The text of one encoded word without its "=?" and "?=", or nothing.
std::optional<std::string> decode_word(std::string_view word) {
  const std::size_t first = word.find('?');
  if (first == std::string_view::npos || http::to_lower(word.substr(0, first)) != "utf-8") return std::nullopt;
  word.remove_prefix(first + 1);
  if (word.size() < 2 || word[1] != '?') return std::nullopt;
  const char kind = http::to_lower(word[0]);
  word.remove_prefix(2);
  if (kind == 'b') {
    const auto bytes = from_base64(word);
    if (!bytes) return std::nullopt;
    return std::string(as_text(*bytes));
  }
  if (kind != 'q') return std::nullopt;
  // Quoted-printable of RFC 2047 differs from percent-encoding in two characters.
  std::string text;
  for (const char c : word) {
    if (c == '%') text += "%25";
    else text += c == '_' ? ' ' : c == '=' ? '%' : c;
  }
  return http::percent_decode(text);
}

std::size_t metadata_bytes(const std::map<std::string, std::string>& attributes) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : attributes) bytes += attribute_cost + name.size() + encode_value(value).size();
  return bytes;
}

}  // namespace

Result<void> check_metadata(const std::map<std::string, std::string>& attributes) {
  const std::size_t bytes = metadata_bytes(attributes);
  if (bytes <= largest_metadata) return {};
  return Error(ErrorCode::too_large,
               "the attributes take " + std::to_string(bytes) + " bytes as headers, more than 2048")
      .hint("keep what is longer in the metadata store; text that is no plain ASCII takes a third more");
}

std::string make_mark(const std::map<std::string, std::string>& attributes) {
  const std::size_t bytes = metadata_bytes(attributes) + attribute_cost + write_mark.size() + mark_digits;
  return bytes <= largest_metadata ? crypto::random_hex(mark_digits) : std::string();
}

std::string encode_value(std::string_view value) {
  if (travels_as_it_is(value)) return std::string(value);
  return std::string(word_start) + to_base64(as_bytes(value)) + "?=";
}

std::string decode_value(std::string_view value) {
  std::string out;
  std::string_view rest = value;
  // Words next to each other join without the blank between them.
  while (rest.starts_with("=?")) {
    // Behind the charset and the kind, each of which a '?' ends.
    const std::size_t kind = rest.find('?', 2);
    const std::size_t body = kind == std::string_view::npos ? kind : rest.find('?', kind + 1);
    const std::size_t end = body == std::string_view::npos ? body : rest.find("?=", body + 1);
    if (end == std::string_view::npos) break;
    const auto word = decode_word(rest.substr(2, end - 2));
    if (!word) break;
    out += *word;
    rest.remove_prefix(end + 2);
    if (rest.find_first_not_of(' ') == std::string_view::npos) rest = {};
    else if (rest.find("=?") == rest.find_first_not_of(' ')) rest.remove_prefix(rest.find("=?"));
    if (rest.empty()) return is_utf8(out) ? out : std::string(value);
  }
  return std::string(value);
}

void add_metadata(http::Headers& headers, const std::map<std::string, std::string>& attributes) {
  for (const auto& [name, value] : attributes)
    headers.add(std::string(prefix) + http::to_lower(name), encode_value(value));
}

Timestamp read_http_time(std::string_view text) {
  return http::parse_http_date(text, Timestamp::now()).value_or(Timestamp{});
}

std::string_view told_version(const http::Headers& headers) {
  const std::string_view version = headers.get("x-amz-version-id");
  return version == "null" ? std::string_view() : version;
}

void read_metadata(const http::Headers& headers, ObjectInfo& info) {
  info.etag = bare_etag(headers.get("etag"));
  info.content_type = headers.get("content-type");
  info.crc64nvme = told_checksum(headers);
  info.modified = read_http_time(headers.get("last-modified"));
  info.version = told_version(headers);
  for (const auto& field : headers.fields()) {
    const std::string name = http::to_lower(field.name);
    if (!name.starts_with(prefix) || name.substr(prefix.size()) == write_mark) continue;
    info.attributes[name.substr(prefix.size())] = decode_value(field.value);
  }
}

std::optional<std::uint64_t> whole_size(const http::Headers& headers) {
  const std::string_view range = headers.get("content-range");
  const std::size_t slash = range.find('/');
  const std::string_view text =
      slash == std::string_view::npos ? headers.get("content-length") : range.substr(slash + 1);
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return size;
}

}  // namespace docupilot::inline v1::s3
