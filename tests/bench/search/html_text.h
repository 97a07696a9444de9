#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace docupilot_bench {

struct Page {
  std::string title;
  std::string body;
};

namespace html {

constexpr std::string_view blanks = " \t\r\n\f";

constexpr auto inline_tags = std::to_array<std::string_view>(
    {"a",    "abbr", "acronym", "b",    "big",   "cite", "code",   "del", "dfn", "em", "font", "i",   "ins", "kbd",
     "mark", "q",    "s",       "samp", "small", "span", "strong", "sub", "sup", "tt", "u",    "var", "wbr"});

inline void append_utf8(std::string& out, std::uint32_t c) {
  const auto byte = [&](std::uint32_t v) { out += static_cast<char>(v); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) return byte(0xc0 | c >> 6), byte(0x80 | (c & 0x3f));
  if (c < 0x10000) return byte(0xe0 | c >> 12), byte(0x80 | (c >> 6 & 0x3f)), byte(0x80 | (c & 0x3f));
  byte(0xf0 | c >> 18), byte(0x80 | (c >> 12 & 0x3f)), byte(0x80 | (c >> 6 & 0x3f)), byte(0x80 | (c & 0x3f));
}

inline void append_unescaped(std::string& out, std::string_view text) {
  static const std::map<std::string_view, std::string_view> named = {
      {"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}, {"nbsp", "\u00a0"}, {"copy", "\u00a9"}};
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t end = text[at] == '&' ? text.find(';', at) : std::string_view::npos;
    if (end == std::string_view::npos || end - at > 10) {
      out += text[at];
      continue;
    }
    const std::string name(text.substr(at + 1, end - at - 1));
    if (const auto known = named.find(name); known != named.end()) {
      out += known->second;
    } else if (name.starts_with("#x") || name.starts_with("#X")) {
      append_utf8(out, static_cast<std::uint32_t>(std::strtoul(name.c_str() + 2, nullptr, 16)));
    } else if (name.starts_with('#')) {
      append_utf8(out, static_cast<std::uint32_t>(std::strtoul(name.c_str() + 1, nullptr, 10)));
    } else {
      out += '&';
      continue;
    }
    at = end;
  }
}

// Splits at white space, the no-break space too as Python does, and joins by blanks.
inline std::string collapse(std::string_view text) {
  std::string out;
  bool blank = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool no_break = text.substr(at).starts_with("\u00a0");
    if (no_break || blanks.find(text[at]) != std::string_view::npos) {
      blank = true;
      at += no_break ? 1 : 0;
      continue;
    }
    if (blank && !out.empty()) out += ' ';
    blank = false;
    out += text[at];
  }
  return out;
}

class Reader {
 public:
  Page read(std::string_view html) {
    while (at_ < html.size()) step(html);
    return {collapse(title_), collapse(body_)};
  }

 private:
  void step(std::string_view html) {
    if (html[at_] != '<') {
      const std::size_t end = std::min(html.find('<', at_), html.size());
      data(html.substr(at_, end - at_));
      at_ = end;
      return;
    }
    const bool is_comment = html.substr(at_).starts_with("<!--");
    const std::size_t close = html.find(is_comment ? "-->" : ">", at_);
    if (close == std::string_view::npos) {
      at_ = html.size();
      return;
    }
    std::string_view tag = html.substr(at_ + 1, close - at_ - 1);
    at_ = close + (is_comment ? 3 : 1);
    if (is_comment || tag.starts_with('!') || tag.starts_with('?')) return;
    const bool is_end = tag.starts_with('/');
    if (is_end) tag.remove_prefix(1);
    std::string name(tag.substr(0, std::min(tag.find_first_of(" \t\r\n/"), tag.size())));
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    is_end ? end(name) : start(name, tag);
    if (!is_end && tag.ends_with('/')) end(name);
  }

  void start(const std::string& name, std::string_view tag) {
    if (!skipped_.empty()) {
      depth_ += name == skipped_ ? 1 : 0;
      return;
    }
    const bool is_navigation = tag.find("class=\"navheader\"") != std::string_view::npos ||
                               tag.find("class=\"navfooter\"") != std::string_view::npos;
    if (name == "script" || name == "style" || is_navigation) {
      skipped_ = name;
      depth_ = 1;
    } else if (name == "title") {
      in_title_ = true;
    } else if (name == "body") {
      in_body_ = true;
    }
    part_words(name);
  }

  void end(const std::string& name) {
    if (!skipped_.empty()) {
      if (name == skipped_ && --depth_ == 0) skipped_.clear();
      return;
    }
    if (name == "title") in_title_ = false;
    if (name == "body") in_body_ = false;
    part_words(name);
  }

  void data(std::string_view text) {
    if (!skipped_.empty()) return;
    if (in_title_) append_unescaped(title_, text);
    else if (in_body_) append_unescaped(body_, text);
  }

  void part_words(std::string_view name) {
    if (in_body_ && std::ranges::find(inline_tags, name) == inline_tags.end()) body_ += ' ';
  }

  std::size_t at_ = 0;
  std::string skipped_;
  int depth_ = 0;
  bool in_title_ = false;
  bool in_body_ = false;
  std::string title_;
  std::string body_;
};

}  // namespace html

/// The title and body of an HTML page, read as simply as peers.py reads it, so that every engine of the comparison gets
/// the same text: no script, no style, none of DocBook's navigation blocks.
[[nodiscard]] inline Page read_html(std::string_view html_text) { return html::Reader().read(html_text); }

}  // namespace docupilot_bench
