#include <docupilot/base/url.h>

#include <algorithm>
#include <array>

namespace docupilot::inline v1 {

namespace {

Error bad_url(std::string_view url, const char* what) {
  return Error(ErrorCode::invalid_argument, what)
      .operation("parse URL")
      .target(BackendUrl::redacted(url))
      .hint("write it as SCHEME:PATH or SCHEME://HOST/PATH?NAME=VALUE, for example file:./library");
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool decode(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return false;
    const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out.find('\0') == std::string::npos;
}

std::size_t scheme_length(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos || colon < 2) return 0;  // one letter would be a drive
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const bool good = letter(url[0]) && std::ranges::all_of(url.substr(0, colon), [&](char c) {
                      return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
                    });
  return good ? colon : 0;
}

// A URL in a parameter's value: "http://user:password@host".
bool has_password(std::string_view value) {
  const std::size_t slashes = value.find("://");
  const std::size_t at = value.rfind('@');
  return slashes != std::string_view::npos && at != std::string_view::npos && at > slashes;
}

bool is_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 8> words = {"key", "secret",    "token",      "password",
                                                            "sig", "signature", "credential", "passwd"};
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return std::ranges::any_of(words, [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

}  // namespace

Result<BackendUrl> BackendUrl::parse(std::string_view url) {
  const std::size_t colon = scheme_length(url);
  if (colon == 0) return bad_url(url, "there is no scheme");
  BackendUrl parsed;
  parsed.scheme = url.substr(0, colon);
  for (char& c : parsed.scheme) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  std::string_view rest = url.substr(colon + 1);
  std::string_view query;
  if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
    query = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    parsed.authority = rest.substr(0, slash);
    rest = rest.substr(slash);
  }
  if (!decode(rest, parsed.path)) return bad_url(url, "a percent escape of the path is wrong");
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = pair.find('=');
    std::string name, value;
    if (equals == std::string_view::npos || equals == 0) return bad_url(url, "a parameter is not NAME=VALUE");
    if (!decode(pair.substr(0, equals), name) || !decode(pair.substr(equals + 1), value)) {
      return bad_url(url, "a percent escape of a parameter is wrong");
    }
    if (!parsed.parameters.emplace(std::move(name), std::move(value)).second) {
      return bad_url(url, "a parameter stands twice");
    }
  }
  return parsed;
}

std::string BackendUrl::redacted(std::string_view url) {
  std::string out(url.substr(0, std::min(url.find('?'), url.size())));
  if (const std::size_t slashes = out.find("://"); slashes != std::string::npos) {
    const std::size_t begin = slashes + 3;
    const std::size_t at = out.rfind('@');
    const std::size_t colon = out.find(':', begin);
    if (at != std::string::npos && at >= begin && colon < at) out.replace(colon + 1, at - colon - 1, "***");
  }
  if (out.size() == url.size() || url.find('?') == std::string_view::npos) return out;
  std::string_view query = url.substr(url.find('?') + 1);
  char separator = '?';
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = pair.find('=');
    out += separator;
    std::string name;
    const bool readable = equals != std::string_view::npos && decode(pair.substr(0, equals), name);
    std::string value;
    const bool holds_secret =
        readable && (is_secret(name) || !decode(pair.substr(equals + 1), value) || has_password(value));
    if (equals != std::string_view::npos && (!readable || holds_secret)) out.append(pair.substr(0, equals)) += "=***";
    else out += pair;
    separator = '&';
  }
  return out;
}

}  // namespace docupilot::inline v1
