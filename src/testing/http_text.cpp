#include "testing/http_text.h"

#include <algorithm>
#include <charconv>

namespace docupilot::inline v1::testing {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trimmed(std::string_view text) noexcept {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

/// The length that all fields of that name agree on. `contradiction` is set when they do not.
std::optional<std::uint64_t> told_length(const Head& head, bool& contradiction) {
  std::optional<std::uint64_t> length;
  for (const auto& [name, value] : head.fields) {
    if (!same_name(name, "Content-Length")) continue;
    const auto told = number(value);
    if (!told || (length && *length != *told)) contradiction = true;
    length = told;
  }
  return length;
}

std::optional<Framing> told_framing(const Head& head, Framing otherwise) {
  bool contradiction = head.malformed;
  const auto length = told_length(head, contradiction);
  const bool chunked = has_token(head.fields, "Transfer-Encoding", "chunked");
  if (contradiction || (chunked && length)) return std::nullopt;
  if (chunked) return Framing{.kind = Framing::Kind::chunked};
  if (!length) return otherwise;
  return Framing{.kind = *length == 0 ? Framing::Kind::none : Framing::Kind::length, .length = *length};
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view find_field(const std::vector<Field>& fields, std::string_view name) noexcept {
  for (const auto& [have, value] : fields) {
    if (same_name(have, name)) return value;
  }
  return {};
}

bool has_token(const std::vector<Field>& fields, std::string_view name, std::string_view token) noexcept {
  for (const auto& [have, value] : fields) {
    if (!same_name(have, name)) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (same_name(trimmed(rest.substr(0, comma)), token)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

std::optional<std::size_t> head_size(std::string_view bytes) noexcept {
  for (std::size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (bytes.substr(at + 1, 1) == "\n") return at + 2;
    if (bytes.substr(at + 1, 2) == "\r\n") return at + 3;
  }
  return std::nullopt;
}

Head parse_head(std::string_view block) {
  Head head;
  std::size_t end = std::min(block.find('\n'), block.size());
  const std::string_view start = trimmed(block.substr(0, end));
  const std::size_t one = std::min(start.find(' '), start.size());
  const std::size_t two = std::min(start.find(' ', one + 1), start.size());
  head.first = start.substr(0, one);
  head.second = start.substr(std::min(one + 1, start.size()), two - std::min(one + 1, two));
  head.third = start.substr(std::min(two + 1, start.size()));
  head.malformed = head.first.empty() || head.second.empty();
  for (block.remove_prefix(std::min(end + 1, block.size())); !block.empty();
       block.remove_prefix(std::min(end + 1, block.size()))) {
    end = std::min(block.find('\n'), block.size());
    const std::string_view line = block.substr(0, end);
    if (trimmed(line).empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      head.malformed = true;
      continue;
    }
    head.fields.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  return head;
}

std::optional<Framing> request_framing(const Head& head) {
  if (!head.third.starts_with("HTTP/1.")) return std::nullopt;
  return told_framing(head, {});
}

std::optional<Framing> reply_framing(const Head& head, int status, std::string_view method) {
  if (status == 0) return std::nullopt;
  if (method == "HEAD" || status == 204 || status == 304 || status / 100 == 1) return Framing{};
  return told_framing(head, {.kind = Framing::Kind::until_close});
}

int status_of(const Head& head) {
  const auto status = number(head.second);
  return head.first.starts_with("HTTP/1.") && status && *status >= 100 && *status <= 999 ? static_cast<int>(*status)
                                                                                         : 0;
}

}  // namespace docupilot::inline v1::testing
