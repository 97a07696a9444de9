#include "request.h"

#include <algorithm>
#include <charconv>

#include "http/percent.h"

namespace sink {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || at != text.data() + text.size()) return std::nullopt;
  return value;
}

// What a name is called and what it says; with '+' as it is.
std::string decoded(std::string_view text) { return docupilot::http::percent_decode(text).value_or(std::string(text)); }

}  // namespace

std::string_view Request::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, [](const auto& field) { return std::string_view(field.first); });
  return found == headers.end() ? std::string_view() : found->second;
}

std::optional<std::uint64_t> Request::decoded_length() const {
  const std::string_view told = header("x-amz-decoded-content-length");
  return told.empty() ? length : number(told);
}

std::optional<Request> parse_head(std::string_view head) {
  Request request;
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const std::size_t first = line.find(' ');
  const std::size_t second = line.rfind(' ');
  if (first == std::string_view::npos || second == first || !line.substr(second + 1).starts_with("HTTP/1.")) {
    return std::nullopt;
  }
  request.method = line.substr(0, first);
  std::string_view target = line.substr(first + 1, second - first - 1);
  // The absolute form (RFC 9112, 3.2.2): the host is said again in a header.
  if (const std::size_t scheme = target.find("://"); !target.starts_with('/') && scheme != std::string_view::npos) {
    target.remove_prefix(std::min(target.find('/', scheme + 3), target.size()));
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  request.path = target.substr(0, mark);
  request.query = target.substr(std::min(mark + 1, target.size()));
  for (std::size_t at = line.size() + 2; at < head.size();) {
    const std::size_t end = head.find("\r\n", at);
    if (end == std::string_view::npos || end == at) break;
    const std::string_view field = head.substr(at, end - at);
    at = end + 2;
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    request.headers.emplace_back(lower(field.substr(0, colon)), trimmed(field.substr(colon + 1)));
  }
  if (const std::string_view told = request.header("content-length"); !told.empty()) {
    request.length = number(told);
    if (!request.length) return std::nullopt;
  }
  request.chunked = lower(request.header("transfer-encoding")).find("chunked") != std::string::npos;
  request.expects = lower(request.header("expect")) == "100-continue";
  request.last = lower(request.header("connection")) == "close";
  return request;
}

std::vector<std::pair<std::string, std::string>> parameters(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    pairs.emplace_back(decoded(pair.substr(0, equals)), decoded(pair.substr(std::min(equals + 1, pair.size()))));
  }
  return pairs;
}

std::optional<std::string> parameter(std::string_view query, std::string_view name) {
  for (auto& [found, value] : parameters(query)) {
    if (found == name) return std::move(value);
  }
  return std::nullopt;
}

}  // namespace sink
