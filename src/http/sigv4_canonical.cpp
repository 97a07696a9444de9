#include "http/sigv4_canonical.h"

#include <algorithm>
#include <array>
#include <tuple>

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
  return std::ranges::find(names, name) != names.end() || name.starts_with("proxy-");
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

Result<std::string> canonical_query(std::string_view wire_query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t at = 0; at < wire_query.size();) {
    const std::size_t end = std::min(wire_query.find('&', at), wire_query.size());
    const std::string_view part = wire_query.substr(at, end - at);
    at = end + 1;
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    const auto name = percent_decode(part.substr(0, equals));
    const auto value = percent_decode(part.substr(std::min(equals + 1, part.size())));
    if (!name || !value) {
      return Error(ErrorCode::invalid_argument, "the URL's query has a broken percent escape").operation("sign");
    }
    pairs.emplace_back(percent_encode(*name), percent_encode(*value));
  }
  // The pairs, not the joined strings: "a=1" comes before "a-b=1".
  std::ranges::sort(pairs);
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    ((out += name) += '=') += value;
  }
  return out;
}

Result<CanonicalRequest> canonical_request(PathRule rule, std::string_view method, const UrlParts& url,
                                           const Headers& headers, std::string_view payload_hash) {
  DOCUPILOT_TRY(const std::string query, canonical_query(url.query));
  struct Line {
    std::string_view name;
    std::size_t place;  // fields of one name stay in the order they are sent
    std::string_view value;
  };
  std::vector<Line> lines;
  lines.reserve(headers.fields().size() + 1);
  lines.push_back({"host", 0, url.host});
  std::string names;  // in lower case; what the lines point into, so it must not move
  std::size_t room = 0;
  for (const auto& field : headers.fields()) room += field.name.size();
  names.reserve(room);
  for (const auto& field : headers.fields()) {
    const std::size_t start = names.size();
    for (const char c : field.name) names += to_lower(c);
    const std::string_view name = std::string_view(names).substr(start);
    if (name != "host" && !is_never_signed(name)) lines.push_back({name, lines.size(), field.value});
  }
  std::ranges::sort(lines, {}, [](const Line& line) { return std::tie(line.name, line.place); });

  CanonicalRequest canonical;
  std::string& text = canonical.text;
  text.reserve(512);
  canonical.signed_headers.reserve(room + lines.size() + 4);
  (text += method) += '\n';
  if (rule == PathRule::as_sent) text += url.path;
  else text += percent_encode_path(normalised(url.path));
  ((text += '\n') += query) += '\n';
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0 && lines[i].name == lines[i - 1].name) {
      text.back() = ',';  // in place of the line's end
    } else {
      (text += lines[i].name) += ':';
      if (i > 0) canonical.signed_headers += ';';
      canonical.signed_headers += lines[i].name;
    }
    append_folded(text, lines[i].value);
    text += '\n';
  }
  (((text += '\n') += canonical.signed_headers) += '\n') += payload_hash;
  return canonical;
}

}  // namespace docupilot::inline v1::http
