#include <docupilot/base/filter.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/filter_value.h"
#include "base/try.h"
#include "base/utf8.h"

namespace docupilot::inline v1 {

namespace {

using Kind = Filter::Kind;

constexpr int deepest = 32;
constexpr std::string_view known_fields =
    "fields are id, title, name, size, content_type, sha256, created, updated, tags, summary and attributes.NAME";
constexpr std::string_view example = R"(write for example: size > 1024 and tags has "draft")";

struct Token {
  enum class Type { end, word, quoted, symbol };
  Type type = Type::end;
  std::string text = {};
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Operator {
  std::string_view text;
  Kind kind;
};
constexpr Operator operators[] = {
    {"==", Kind::equal},         {"=", Kind::equal},           {"!=", Kind::not_equal},
    {"<", Kind::less},           {"<=", Kind::less_equal},     {">", Kind::greater},
    {">=", Kind::greater_equal}, {"^=", Kind::starts_with},    {"starts_with", Kind::starts_with},
    {"has", Kind::contains},     {"contains", Kind::contains}, {"in", Kind::one_of},
};

bool is_keyword(const Token& token, std::string_view keyword) {
  return token.type == Token::Type::word && std::ranges::equal(token.text, keyword, {}, [](char c) {
           return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
         });
}

bool is_symbol(const Token& token, std::string_view symbol) {
  return token.type == Token::Type::symbol && token.text == symbol;
}

// The number that all of the word is; nothing for a word that only begins like one.
Result<Value> number_in(std::string_view word) {
  const char* end = word.data() + word.size();
  std::int64_t whole = 0;
  if (const auto [rest, code] = std::from_chars(word.data(), end, whole); rest == end && code == std::errc())
    return whole;
  double number = 0;
  const auto [rest, code] = std::from_chars(word.data(), end, number);
  if (rest != end) return Value();
  if (code != std::errc()) return Error(ErrorCode::invalid_argument, "this number is out of range");
  return number;
}

bool begins_like_number(std::string_view word) {
  if (word.starts_with('-')) word.remove_prefix(1);
  return !word.empty() && word[0] >= '0' && word[0] <= '9';
}

// Whether the token that directly follows is a further part of a field's name.
bool continues(std::string_view name, const Token& token) {
  if (token.type == Token::Type::word) return token.text.starts_with('.');
  return token.type == Token::Type::quoted && name.ends_with('.') && token.text.find('.') == std::string::npos;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Filter> parse() {
    if (!is_utf8(text_)) return at(0, "the text is not UTF-8", "give UTF-8 text");
    DOCUPILOT_CHECK(next());
    if (token_.type == Token::Type::end) return Filter();
    DOCUPILOT_TRY(Filter filter, parse_any(0));
    if (is_symbol(token_, ")")) return at_token("this parenthesis closes nothing", example);
    if (token_.type != Token::Type::end) return at_token("`and` or `or` is missing here", "quote text with spaces");
    if (auto good = filter.check(); !good) return at(0, good.error().message(), good.error().hint());
    return filter;
  }

 private:
  [[nodiscard]] Error at(std::size_t place, std::string_view message, std::string_view hint) const {
    return Error(ErrorCode::invalid_argument, std::string(message) + " (at byte " + std::to_string(place) + ")")
        .operation("parse filter")
        .target(text_.substr(0, 200))
        .hint(hint);
  }
  [[nodiscard]] Error at_token(std::string_view message, std::string_view hint) const {
    return at(token_.begin, message, hint);
  }

  // ---- words

  Result<void> next() {
    constexpr std::string_view space = " \t\r\n";
    std::size_t i = std::min(text_.find_first_not_of(space, token_.end), text_.size());
    token_ = {.begin = i, .end = i};
    if (i == text_.size()) return {};
    const char first = text_[i];
    if (first == '"' || first == '\'') return next_quoted();
    constexpr std::string_view symbols = "()=!<>^,";
    if (symbols.find(first) != std::string_view::npos) {
      const bool pair = i + 1 < text_.size() && text_[i + 1] == '=' && std::string_view("=!<>^").find(first) < 5;
      token_.type = Token::Type::symbol;
      token_.end = i + (pair ? 2 : 1);
    } else {
      token_.type = Token::Type::word;
      token_.end = std::min(text_.find_first_of(" \t\r\n()=!<>^,\"'", i), text_.size());
    }
    token_.text = text_.substr(i, token_.end - i);
    return {};
  }

  Result<void> next_quoted() {
    const char quote = text_[token_.begin];
    token_.type = Token::Type::quoted;
    for (std::size_t i = token_.begin + 1; i < text_.size(); ++i) {
      char c = text_[i];
      if (c == quote) {
        token_.end = i + 1;
        return {};
      }
      if (c == '\\') {
        constexpr std::string_view escapes = "\\\"'nrt";
        constexpr std::string_view meanings = "\\\"'\n\r\t";
        const std::size_t which = i + 1 < text_.size() ? escapes.find(text_[i + 1]) : std::string_view::npos;
        if (which == std::string_view::npos) return at(i, "there is no such escape", R"(use \\ \" \' \n \r \t)");
        c = meanings[which];
        ++i;
      }
      token_.text += c;
    }
    return at_token("this text does not end", "close it with the quote it began with");
  }

  // ---- grammar

  Result<Filter> parse_any(int depth) {
    return parse_chain(depth, "or", Kind::any_of, [&] { return parse_all(depth); });
  }
  Result<Filter> parse_all(int depth) {
    return parse_chain(depth, "and", Kind::all_of, [&] { return parse_one(depth); });
  }

  template <class Part>
  Result<Filter> parse_chain(int depth, std::string_view joint, Kind kind, Part&& part) {
    if (depth > deepest) return at_token("this is nested too deep", "use fewer parentheses and `not`s");
    DOCUPILOT_TRY(Filter first, part());
    if (!is_keyword(token_, joint)) return first;
    Filter chain;
    chain.kind = kind;
    chain.children.push_back(std::move(first));
    while (is_keyword(token_, joint)) {
      DOCUPILOT_CHECK(next());
      DOCUPILOT_TRY(Filter further, part());
      chain.children.push_back(std::move(further));
    }
    return chain;
  }

  Result<Filter> parse_one(int depth) {
    if (depth > deepest) return at_token("this is nested too deep", "use fewer parentheses and `not`s");
    if (is_keyword(token_, "not")) {
      DOCUPILOT_CHECK(next());
      DOCUPILOT_TRY(Filter child, parse_one(depth + 1));
      return Filter::negate(std::move(child));
    }
    if (is_symbol(token_, "(")) {
      const std::size_t begin = token_.begin;
      DOCUPILOT_CHECK(next());
      DOCUPILOT_TRY(Filter inner, parse_any(depth + 1));
      if (!is_symbol(token_, ")")) return at(begin, "this parenthesis is not closed", "add a ) where it should end");
      DOCUPILOT_CHECK(next());
      return inner;
    }
    if (is_keyword(token_, "exists")) {
      DOCUPILOT_CHECK(next());
      DOCUPILOT_TRY(const std::string name, parse_field());
      return field(name).exists();
    }
    return parse_comparison();
  }

  // A name, parts of which may be quoted: attributes."date of birth".year
  Result<std::string> parse_field() {
    if (token_.type != Token::Type::word) return at_token("the name of a field is missing here", known_fields);
    const std::size_t begin = token_.begin;
    std::string name;
    std::size_t end = begin;
    do {
      name += token_.text;
      end = token_.end;
      DOCUPILOT_CHECK(next());
    } while (token_.begin == end && continues(name, token_));
    if (!field_kind(name)) return at(begin, "filters do not know this field", known_fields);
    return name;
  }

  Result<Filter> parse_comparison() {
    DOCUPILOT_TRY(const std::string name, parse_field());
    const auto* const found = std::ranges::find_if(
        operators, [&](const Operator& o) { return is_keyword(token_, o.text) || is_symbol(token_, o.text); });
    if (found == std::end(operators)) {
      return at_token("a comparison is missing here", "use = != < <= > >= ^= has in, or exists before the field");
    }
    Filter filter;
    filter.kind = found->kind;
    filter.field = name;
    DOCUPILOT_CHECK(next());
    if (filter.kind == Kind::one_of) {
      DOCUPILOT_CHECK(parse_list(filter));
      return filter;
    }
    if (is_keyword(token_, "null")) return parse_null(std::move(filter));
    DOCUPILOT_TRY(Value value, parse_value(filter));
    filter.values.push_back(std::move(value));
    return filter;
  }

  Result<Filter> parse_null(Filter filter) {
    if (filter.kind != Kind::equal && filter.kind != Kind::not_equal) {
      return at_token("null only takes = and !=", "or ask: exists " + filter.field);
    }
    DOCUPILOT_CHECK(next());
    Filter there = field(filter.field).exists();
    return filter.kind == Kind::equal ? Filter::negate(std::move(there)) : there;
  }

  Result<void> parse_list(Filter& filter) {
    if (!is_symbol(token_, "(")) return at_token("`in` takes a list", "write: in (a, b, c)");
    do {
      DOCUPILOT_CHECK(next());
      DOCUPILOT_TRY(Value value, parse_value(filter));
      filter.values.push_back(std::move(value));
    } while (is_symbol(token_, ","));
    if (!is_symbol(token_, ")")) return at_token("a comma or ) is missing here", "write: in (a, b, c)");
    return next();
  }

  Result<Value> parse_value(const Filter& filter) {
    if (token_.type != Token::Type::word && token_.type != Token::Type::quoted) {
      return at_token("a value is missing here", "write a number, true, false, a time or text");
    }
    const bool quoted = token_.type == Token::Type::quoted;
    const bool is_prefix = filter.kind == Kind::starts_with;
    const FieldKind kind = is_prefix ? FieldKind::text : field_kind(filter.field).value_or(FieldKind::any);
    DOCUPILOT_TRY(Value value, value_of(kind, token_.text, quoted));
    DOCUPILOT_CHECK(next());
    return value;
  }

  // The field decides what a word means: `id = 2024` compares text, `created > 2024-01-01` times.
  Result<Value> value_of(FieldKind kind, const std::string& word, bool quoted) {
    switch (kind) {
      case FieldKind::text:
      case FieldKind::list: return Value(word);
      case FieldKind::time: {
        const bool is_day = word.size() == std::string_view("2026-01-31").size();
        const auto time = Timestamp::parse(is_day ? word + "T00:00:00Z" : word);
        if (!time) return at_token(time.error().message(), time.error().hint());
        return Value(*time);
      }
      case FieldKind::integer:
      case FieldKind::any: break;
    }
    Value value = word;
    if (!quoted && begins_like_number(word)) {
      auto number = number_in(word);
      if (!number) return at_token(number.error().message(), "write it as text, in quotes");
      if (number->kind() != Value::Kind::null) value = *std::move(number);
      else if (const auto time = Timestamp::parse(word)) value = *time;
    } else if (!quoted && (word == "true" || word == "false")) {
      value = word == "true";
    } else if (!quoted && word == "null") {
      return at_token("null cannot stand here", "ask whether the field exists instead");
    }
    const bool is_number = value.kind() == Value::Kind::integer || value.kind() == Value::Kind::number;
    if (kind == FieldKind::integer && !is_number)
      return at_token("this is not a number", "write for example: size > 1024");
    return value;
  }

  std::string_view text_;
  Token token_;
};

}  // namespace

Result<Filter> parse_filter(std::string_view text) { return Parser(text).parse(); }

}  // namespace docupilot::inline v1
