#include "reply.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace sink {

namespace {

std::string_view phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 500: return "Internal Server Error";
    case 503: return "Slow Down";
    default: return "Said";
  }
}

std::string date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

constexpr std::array<std::pair<std::string_view, char>, 6> entities = {
    {{"&quot;", '"'}, {"&#34;", '"'}, {"&apos;", '\''}, {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}}};

std::string unescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto found =
        std::ranges::find_if(entities, [text](const auto& entity) { return text.starts_with(entity.first); });
    const bool plain = found == entities.end();
    out += plain ? text.front() : found->second;
    text.remove_prefix(plain ? 1 : found->first.size());
  }
  return out;
}

}  // namespace

std::string Reply::text(bool without_body) const {
  std::string out = "HTTP/1.1 " + std::to_string(status) + ' ';
  out.append(phrase(status)).append("\r\nServer: sink\r\nx-amz-request-id: 0123456789ABCDEF\r\nDate: ").append(date());
  const bool told = std::ranges::any_of(headers, [](const auto& field) { return field.first == "Content-Length"; });
  for (const auto& [name, value] : headers) out.append("\r\n").append(name).append(": ").append(value);
  if (!told && status != 204) out.append("\r\nContent-Length: ").append(std::to_string(body.size()));
  if (!body.empty())
    out.append("\r\nContent-Type: ").append(body.starts_with('{') ? "application/json" : "application/xml");
  if (last) out += "\r\nConnection: close";
  out += "\r\n\r\n";
  return without_body ? out : out + body;
}

Reply refuse(const Refusal& refusal) {
  return {.status = refusal.status,
          .body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + refusal.code + "</Code><Message>" +
                  xml_escaped(refusal.message) + "</Message><RequestId>0123456789ABCDEF</RequestId></Error>"};
}

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto found = std::ranges::find_if(entities, [c](const auto& entity) { return entity.second == c; });
    if (found == entities.end()) out += c;
    else out += found->first;
  }
  return out;
}

std::vector<std::string_view> xml_elements(std::string_view xml, std::string_view name) {
  const std::string begin = '<' + std::string(name);
  const std::string end = "</" + std::string(name) + '>';
  std::vector<std::string_view> found;
  for (std::size_t at = xml.find(begin); at != std::string_view::npos; at = xml.find(begin, at + 1)) {
    const std::size_t behind = at + begin.size();
    if (behind >= xml.size() || (xml[behind] != '>' && xml[behind] != ' ')) continue;  // a longer name
    const std::size_t inside = xml.find('>', behind);
    const std::size_t close = xml.find(end, behind);
    if (inside == std::string_view::npos || close == std::string_view::npos) break;
    found.push_back(xml.substr(inside + 1, close - inside - 1));
  }
  return found;
}

std::string xml_element(std::string_view xml, std::string_view name) {
  const auto found = xml_elements(xml, name);
  return found.empty() ? std::string() : unescaped(found.front());
}

}  // namespace sink
