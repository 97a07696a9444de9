#include "http/redact.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "crypto/wipe.h"
#include "http/header_text.h"
#include "http/hex.h"
#include "http/percent.h"
#include "json/base64.h"
#include "json/json_writer.h"

namespace docupilot::inline v1::http {

namespace {

constexpr std::size_t shortest = 4;
constexpr std::string_view mask = "***";
constexpr std::size_t longest_message = 500;
constexpr std::size_t longest_name = 128;

// What stands before a secret, in lower case. The value ends at one of `ends`.
constexpr std::string_view ends = "&\"'<>,; \t\r\n)}\\";
constexpr std::array<std::string_view, 16> names{
    "x-amz-signature=", "x-amz-security-token=", "x-amz-credential=",     "x-goog-signature=", "x-goog-credential=",
    "signature=",       "credential=",           "x-amz-security-token:", "<secretaccesskey>", "<sessiontoken>",
    "<token-0>",        "<awsaccesskeyid>",      "\"secretaccesskey\":",  "\"sessiontoken\":", "\"token\":",
    "authorization:"};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
  return out;
}

/// Percent escapes in lower case: "%2F" as "%2f", the rest as it is.
std::string lower_escapes(std::string text) {
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    if (text[i] != '%') continue;
    for (std::size_t k = i + 1; k <= i + 2; ++k)
      text[k] = text[k] >= 'A' && text[k] <= 'F' ? static_cast<char>(text[k] | 0x20) : text[k];
  }
  return text;
}

/// In one pass: a stranger chooses how often it has to be done.
std::string replaced(std::string text, std::string_view from, std::string_view to) {
  std::size_t at = text.find(from);
  if (at == std::string::npos) return text;
  std::string out;
  std::size_t copied = 0;
  for (; at != std::string::npos; at = text.find(from, copied)) {
    out.append(text, copied, at - copied).append(to);
    copied = at + from.size();
  }
  return out.append(text, copied, std::string::npos);
}

std::string in_json(std::string_view text) {
  json::Writer writer;
  writer.value(text);
  const std::string quoted = std::move(writer).text();
  return quoted.substr(1, quoted.size() - 2);
}

std::string in_xml(std::string_view text) {
  return replaced(replaced(replaced(std::string(text), "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

/// The part of base64 that only `secret` decides when it stands `lead` bytes behind a multiple of three.
std::string in_base64(std::string_view secret, std::size_t lead) {
  std::string bytes(lead, '\0');
  bytes += secret;
  const std::string encoded = to_base64(as_bytes(bytes));
  const std::size_t begin = (lead * 8 + 5) / 6;
  return encoded.substr(begin, bytes.size() * 8 / 6 - begin);
}

void mask_values(std::string& text) {
  const std::string small = to_lower(text);
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < small.size(); ++at) {
    const auto* const name = std::find_if(names.begin(), names.end(), [&](std::string_view candidate) {
      return std::string_view(small).substr(at).starts_with(candidate);
    });
    if (name == names.end()) continue;
    std::size_t begin = at + name->size();
    // Authorization: a scheme and a blank stand before what is secret; the whole line goes.
    const std::string_view stop = name->starts_with("authorization") ? std::string_view("\r\n\"<") : ends;
    while (begin < small.size() && (small[begin] == ' ' || small[begin] == '"')) ++begin;
    const std::size_t end = std::min(small.find_first_of(stop, begin), small.size());
    if (end == begin) continue;
    out.append(text, copied, begin - copied).append(mask);
    copied = end;
    at = end - 1;
  }
  text = out.append(text, copied, std::string::npos);
}

}  // namespace

void Redactor::add_form(std::string_view form) {
  if (form.size() < shortest) return;
  const auto longer = std::find_if(forms_.begin(), forms_.end(),
                                   [&](const Secret& other) { return other.expose().size() < form.size(); });
  forms_.insert(longer, Secret(form));
}

Redactor& Redactor::add(const Secret& secret) {
  const std::string_view plain = secret.expose();
  if (plain.size() < shortest) return *this;
  std::vector<std::string> forms{std::string(plain), percent_encode(plain), hex(as_bytes(plain)), in_json(plain),
                                 in_xml(plain)};
  forms.push_back(replaced(replaced(forms[4], "\"", "&quot;"), "'", "&apos;"));
  forms.push_back(lower_escapes(forms[1]));
  forms.push_back(upper(forms[2]));
  forms.push_back(replaced(forms[3], "/", "\\/"));
  for (const std::size_t lead : {0U, 1U, 2U}) {
    forms.push_back(in_base64(plain, lead));
    forms.push_back(replaced(replaced(forms.back(), "+", "-"), "/", "_"));
  }
  for (std::string& form : forms) {
    add_form(form);
    crypto::wipe(form);
  }
  return *this;
}

std::string Redactor::operator()(std::string_view text) const {
  std::string out(text);
  for (const Secret& form : forms_) out = replaced(std::move(out), form.expose(), mask);
  mask_values(out);
  return out;
}

Error cleaned(const Error& error, const Redactor& redact) {
  const auto clean = [&](const std::string& text, std::size_t most) {
    return escape_controls(std::string_view(redact(text)).substr(0, most));
  };
  return Error(error.code(), clean(error.message(), longest_message))
      .service(error.http_status(), clean(error.service_code(), longest_name), clean(error.request_id(), longest_name))
      .hint(error.hint());
}

}  // namespace docupilot::inline v1::http
