#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <docupilot/base/document.h>
#include <docupilot/base/filter.h>

namespace docupilot_test {

/// Documents and filters that meet often: few names, few values, and among these the awkward ones.
class RandomDocuments {
 public:
  explicit RandomDocuments(unsigned seed) : random_(seed) {}

  docupilot::Document document(std::string id) {
    docupilot::Document d;
    d.id = std::move(id);
    if (chance(3)) d.title = text();
    d.name = text();
    if (chance(3)) d.object = {"file", text(), text(), text()};
    d.size = chance(4) ? static_cast<std::uint64_t>(std::abs(integer() / 2)) : below(5);
    if (chance(3)) d.content_type = pick<std::string>({"text/html", "text/plain", "application/pdf"});
    if (chance(3)) d.checksums = {std::string(64, "abc"[below(3)]), "01234567", "", std::string(32, 'd')};
    if (chance(3)) d.created = {time()};
    if (chance(3)) d.updated = {time()};
    for (std::size_t i = below(4); i > 0; --i) {
      std::string tag = text();
      if (tag.empty() || std::ranges::find(d.tags, tag) != d.tags.end() || has_control(tag)) continue;
      d.tags.push_back(std::move(tag));
    }
    for (std::size_t i = below(6); i > 0; --i) d.attributes[key()] = value(3);
    if (chance(2)) d.summary = text();
    d.stage(docupilot::Stage::extract) = {docupilot::StageState::failed, text()};
    d.stage(docupilot::Stage::index).state = docupilot::StageState::skipped;
    return d;
  }

  docupilot::Filter filter(int depth = 3) {
    using docupilot::Filter;
    if (depth > 0 && chance(2)) {
      std::vector<Filter> children;
      const std::size_t kind = below(3);
      for (std::size_t i = kind == 2 ? 1 : below(4); i > 0; --i) children.push_back(filter(depth - 1));
      if (kind == 0) return Filter::all_of(std::move(children));
      if (kind == 1) return Filter::any_of(std::move(children));
      return Filter::negate(std::move(children.front()));
    }
    return comparison();
  }

  docupilot::Filter comparison() {
    using Kind = docupilot::Filter::Kind;
    for (;;) {
      docupilot::Filter leaf;
      leaf.kind = static_cast<Kind>(below(static_cast<std::size_t>(Kind::starts_with) + 1));
      if (leaf.kind == Kind::everything) return leaf;
      leaf.field = field_name();
      const std::size_t count = leaf.kind == Kind::one_of ? below(5) : leaf.kind == Kind::exists ? 0 : 1;
      for (std::size_t i = 0; i < count; ++i) leaf.values.push_back(value_for(leaf.field));
      if (leaf.check()) return leaf;
    }
  }

  std::string field_name() {
    static const std::vector<std::string> fixed = {"id",     "title",   "name",    "size", "content_type",
                                                   "sha256", "created", "updated", "tags", "summary"};
    if (chance(2)) return pick(fixed);
    std::string name("attributes.");
    name += key();
    while (chance(3)) name.append(".").append(key());
    return name;
  }

  docupilot::Value value(int depth) {
    using docupilot::Value;
    switch (below(depth > 0 ? 11 : 9)) {
      case 0: return {};
      case 1: return chance(2);
      case 2: return integer();
      case 3: return number();
      case 4: return Value::Bytes(below(3), std::byte{0xfe});
      case 5: return docupilot::Timestamp{time()};
      case 6: return static_cast<std::int64_t>(below(4));
      case 7: return static_cast<double>(below(4));
      case 8: return text();
      case 9: {
        Value::List list;
        for (std::size_t i = below(4); i > 0; --i) list.push_back(value(depth - 1));
        return list;
      }
      default: {
        Value::Map map;
        for (std::size_t i = below(4); i > 0; --i) map[key()] = value(depth - 1);
        return map;
      }
    }
  }

  std::string text() {
    static const std::vector<std::string> texts = {"",
                                                   "a",
                                                   "b",
                                                   "ab",
                                                   "a/b",
                                                   "A",
                                                   "0",
                                                   "1",
                                                   "it's",
                                                   "\"quoted\"",
                                                   "a\\b",
                                                   "100%_",
                                                   "\xc3\xa4",
                                                   "\xf0\x9f\x93\x84 doc",
                                                   "a\nb",
                                                   "\x01\x7f",
                                                   "text/plain",
                                                   "'; DROP TABLE document; --",
                                                   "\xef\xbf\xbf",
                                                   "\xf4\x8f\xbf\xbf"};
    return pick(texts);
  }

  /// Any valid UTF-8 without NUL.
  std::string any_text(std::size_t longest) {
    std::string out;
    for (std::size_t i = below(longest + 1); i > 0; --i) append(out, code_point());
    return out;
  }

  std::string key() {
    static const std::vector<std::string> keys = {"a",    "b",   "c d",      "it's", "q\"q",
                                                  "b\\s", "[0]", "\xc3\xbc", "a$",   "#"};
    return pick(keys);
  }

  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_); }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }
  std::uint64_t bits() { return random_(); }

 private:
  template <class T>
  T pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }

  static bool has_control(const std::string& text) {
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  }

  docupilot::Value value_for(const std::string& field) {
    if (chance(3)) return value(0);
    if (field == "size") return chance(2) ? docupilot::Value(number()) : docupilot::Value(integer());
    if (field == "created" || field == "updated") return docupilot::Timestamp{time()};
    if (field.starts_with("attributes.")) return value(0);
    if (field == "content_type") return "text/html";
    return text();
  }

  std::int64_t integer() {
    constexpr std::int64_t exact = std::int64_t{1} << 53;
    return pick<std::int64_t>({0, 1, -1, exact, exact + 1, -exact - 1, INT64_MAX, INT64_MAX - 1, INT64_MIN,
                               static_cast<std::int64_t>(random_())});
  }

  double number() {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const double random = std::bit_cast<double>(random_());
    return pick<double>({0.0, -0.0, 1.0, 0.1, 1e300, 1e-7, 123456789.125, 0x1p53, 0x1p53 + 2, 0x1p63, -0x1p63, infinity,
                         -infinity, std::nan(""), 1e21, 5e-324, random, std::nextafter(0x1p63, 0)});
  }

  std::int64_t time() { return pick<std::int64_t>({0, 1, 1'000'000, 1'767'225'600'000'000, 1'767'225'600'250'000}); }

  char32_t code_point() {
    for (;;) {
      const auto c = static_cast<char32_t>(chance(2) ? 1 + below(0x7f) : 1 + below(0x10ffff));
      if (c < 0xd800 || c > 0xdfff) return c;
    }
  }

  static void append(std::string& out, char32_t c) {
    const auto byte = [&](char32_t b) { out += static_cast<char>(static_cast<unsigned char>(b)); };
    if (c < 0x80) {
      byte(c);
      return;
    }
    if (c < 0x800) byte(0xc0 | c >> 6);
    else if (c < 0x10000) byte(0xe0 | c >> 12), byte(0x80 | (c >> 6 & 0x3f));
    else byte(0xf0 | c >> 18), byte(0x80 | (c >> 12 & 0x3f)), byte(0x80 | (c >> 6 & 0x3f));
    byte(0x80 | (c & 0x3f));
  }

  std::mt19937_64 random_;
};

}  // namespace docupilot_test
