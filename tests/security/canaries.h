#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/error.h>

#include "crypto/random.h"

namespace docupilot_test {

/// A made-up secret, and where it shows in a text: as it is, base64, percent-encoded, hexadecimal or as in JSON or XML,
/// whole or 12 characters of it in a row. Written without a look at the library's own way of finding secrets.
class Canary {
 public:
  Canary() : text_(docupilot::crypto::random_hex(24) + "/+=&\"<" + docupilot::crypto::random_hex(10)) {
    for (std::size_t at = 0; at + piece <= text_.size(); ++at) signs_.push_back(text_.substr(at, piece));
    for (const std::size_t lead : {0U, 1U, 2U}) add_pieces(base64(std::string(lead, '\0') + text_), lead == 0 ? 0 : 3);
    add_pieces(hex(false), 0);
    add_pieces(hex(true), 0);
    add_pieces(percent(), 0);
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  /// The forms in which a reply may hold it.
  [[nodiscard]] std::vector<std::string> forms() const {
    std::string json, xml;
    for (const char c : text_) {
      json += c == '/' ? "\\/" : c == '"' ? "\\\"" : std::string(1, c);
      xml += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '"' ? "&quot;" : std::string(1, c);
    }
    return {text_, base64(text_), percent(), hex(false), json, xml, base64("x" + text_ + "yz")};
  }
  [[nodiscard]] bool shows_in(std::string_view text) const {
    return std::ranges::any_of(signs_,
                               [&](const std::string& sign) { return text.find(sign) != std::string_view::npos; });
  }

 private:
  static constexpr std::size_t piece = 12;

  void add_pieces(const std::string& form, std::size_t from) {
    // The last characters of base64 depend on what follows.
    for (std::size_t at = from; at + piece + 4 <= form.size(); ++at) signs_.push_back(form.substr(at, piece));
  }
  static std::string base64(const std::string& text) {
    static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0, count = 0;
    for (const char c : text) {
      bits = (bits << 8U) | static_cast<unsigned char>(c);
      for (count += 8; count >= 6; count -= 6) out += digits[(bits >> (count - 6)) & 63U];
    }
    if (count > 0) out += digits[(bits << (6 - count)) & 63U];
    while (out.size() % 4 != 0) out += '=';
    return out;
  }
  [[nodiscard]] std::string hex(bool large) const {
    const char* const digits = large ? "0123456789ABCDEF" : "0123456789abcdef";
    std::string out;
    for (const char c : text_) (out += digits[static_cast<unsigned char>(c) >> 4U]) += digits[c & 15];
    return out;
  }
  [[nodiscard]] std::string percent() const {
    std::string out;
    const std::string digits = hex(true);
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const char c = text_[i];
      const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
      out += plain ? std::string(1, c) : '%' + digits.substr(2 * i, 2);
    }
    return out;
  }

  std::string text_;
  std::vector<std::string> signs_;
};

/// Everything that an error tells, its causes and exception included.
inline std::string all_of(const docupilot::Error& error) {
  std::string text = error.to_string() + '\n' + docupilot::Exception(error).what();
  for (const docupilot::Error* one = &error; one != nullptr; one = one->cause()) {
    for (const std::string& part : {one->message(), one->operation(), one->backend(), one->target(), one->hint(),
                                    one->service_code(), one->request_id()}) {
      text += '\n' + part;
    }
  }
  return text;
}

}  // namespace docupilot_test
