#include "http/sigv4_canonical.h"

#include <algorithm>
#include <array>
#include <compare>
#include <functional>
#include <optional>

#include "base/try.h"
#include "http/header_text.h"
#include "http/percent.h"

namespace docupilot::inline v1::http {

namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

// What proxies, load balancers and the HTTP library add, change or take away.
bool is_never_signed(std::string_view name) {
  static constexpr std::array<std::string_view, 10> names = {
      "authorization", "connection",        "expect",  "keep-alive", "te",
      "trailer",       "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id"};
  static constexpr std::string_view proxy = "proxy-";
  return same_name(name.substr(0, proxy.size()), proxy) ||
         std::ranges::any_of(names, [name](std::string_view other) { return same_name(name, other); });
}

void append_lower(std::string& out, std::string_view text) {
  for (const char c : text) out += to_lower(c);
}

// Blanks at both ends go, runs of them inside become one space.
void append_folded(std::string& out, std::string_view value) {
  bool in_blank = false;
  for (const char c : trim_blanks(value)) {
    if (!is_blank(c)) out += c;
    else if (!in_blank) out += ' ';
    in_blank = is_blank(c);
  }
}

// Dot segments and empty ones go (RFC 3986, 5.2.4, and slashes merged).
std::string normalised(std::string_view path) {
  std::vector<std::string_view> kept;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    at = end + 1;
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") kept.push_back(segment);
    else if (!kept.empty()) kept.pop_back();
  }
  std::string out;
  for (const auto& segment : kept) (out += '/') += segment;
  if (out.empty() || path.ends_with('/')) out += '/';
  return out;
}

}  // namespace

Result<void> append_canonical_query(std::string& out, std::string_view wire_query) {
  if (wire_query.empty()) return {};
  std::string encoded;  // what the pairs point into, so it must not move
  encoded.reserve(3 * wire_query.size());
  const auto add = [&encoded](std::string_view text) -> std::optional<std::string_view> {
    const std::size_t start = encoded.size();
    if (!append_encoded_anew(encoded, text)) return std::nullopt;
    return std::string_view(encoded).substr(start);
  };
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  pairs.reserve(static_cast<std::size_t>(std::ranges::count(wire_query, '&')) + 1);
  for (std::size_t at = 0; at < wire_query.size();) {
    const std::size_t end = std::min(wire_query.find('&', at), wire_query.size());
    const std::string_view part = wire_query.substr(at, end - at);
    at = end + 1;
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    const auto name = add(part.substr(0, equals));
    const auto value = add(part.substr(std::min(equals + 1, part.size())));
    if (!name || !value) {
      return Error(ErrorCode::invalid_argument, "the URL's query has a broken percent escape").operation("sign");
    }
    pairs.emplace_back(*name, *value);
  }
  // The pairs, not the joined strings: "a=1" comes before "a-b=1".
  std::ranges::sort(pairs);
  std::string_view between;
  for (const auto& [name, value] : pairs) {
    (((out += between) += name) += '=') += value;
    between = "&";
  }
  return {};
}

Result<CanonicalRequest> canonical_request(PathRule rule, std::string_view method, const UrlParts& url,
                                           const Headers& headers, std::string_view payload_hash) {
  const Headers::Field host{"host", url.host};
  std::vector<const Headers::Field*> fields;
  fields.reserve(headers.fields().size() + 1);
  fields.push_back(&host);
  std::size_t room = 256 + url.path.size() + 3 * url.query.size() + payload_hash.size();
  for (const Headers::Field& field : headers.fields()) {
    if (same_name(field.name, host.name) || is_never_signed(field.name)) continue;
    fields.push_back(&field);
    room += 2 * field.name.size() + field.value.size() + 4;
  }
  // Those of one name stay in the order they are sent.
  std::ranges::sort(fields, [](const Headers::Field* a, const Headers::Field* b) {
    const auto order =
        std::lexicographical_compare_three_way(a->name.begin(), a->name.end(), b->name.begin(), b->name.end(),
                                               [](char x, char y) { return to_lower(x) <=> to_lower(y); });
    return order != 0 ? order < 0 : std::less<>()(a, b);
  });
  const auto repeats = [&fields](std::size_t i) { return i > 0 && same_name(fields[i]->name, fields[i - 1]->name); };

  CanonicalRequest canonical;
  std::string& text = canonical.text;
  text.reserve(room);
  (text += method) += '\n';
  if (rule == PathRule::as_sent) text += url.path;
  else text += percent_encode_path(normalised(url.path));
  text += '\n';
  DOCUPILOT_CHECK(append_canonical_query(text, url.query));
  text += '\n';
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (repeats(i)) {
      text.back() = ',';  // in place of the line's end
    } else {
      append_lower(text, fields[i]->name);
      text += ':';
    }
    append_folded(text, fields[i]->value);
    text += '\n';
  }
  text += '\n';
  canonical.headers_at = text.size();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (repeats(i)) continue;
    if (i > 0) text += ';';
    append_lower(text, fields[i]->name);
  }
  canonical.headers_size = text.size() - canonical.headers_at;
  (text += '\n') += payload_hash;
  return canonical;
}

}  // namespace docupilot::inline v1::http
