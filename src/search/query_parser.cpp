#include "search/query_parser.h"

#include <algorithm>
#include <utility>

namespace docupilot::inline v1::search {

namespace {

constexpr std::size_t longest_query = 1024;
constexpr std::size_t most_terms = 64;
constexpr std::size_t deepest = 16;

struct Lexeme {
  enum class Kind { term, open, close, minus, title, conjunction, disjunction, negation };
  Kind kind = Kind::term;
  QueryNode term = {};
};
using Kind = Lexeme::Kind;

bool is_blank(char c) noexcept { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; }
bool is_wordy(char c) noexcept {
  return static_cast<unsigned char>(c) >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z');
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Lexeme> read() {
    while (at_ < text_.size()) step();
    for (std::size_t open = 0; open < brackets_.size(); ++open) {
      if (brackets_[open]) add(Kind::close);
    }
    return std::move(lexemes_);
  }

 private:
  void add(Kind kind) { lexemes_.push_back({kind, {}}); }
  void add(QueryNode::Kind kind, std::string_view text) {
    if (std::ranges::none_of(text, is_wordy) || ++terms_ > most_terms) return;
    lexemes_.push_back({Kind::term, {.kind = kind, .text = std::string(text)}});
  }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

  // Length of a quotation mark at the front: the straight one and the two curly ones.
  static std::size_t quote(std::string_view text) {
    if (text.starts_with('"')) return 1;
    return text.starts_with("\u201c") || text.starts_with("\u201d") ? 3 : 0;
  }

  void step() {
    if (is_blank(text_[at_])) {
      ++at_;
      return;
    }
    if (const std::size_t size = quote(rest()); size > 0) return phrase(size);
    if (text_[at_] == '(') return open();
    if (text_[at_] == ')') return close();
    word();
  }

  void phrase(std::size_t quote_size) {
    const std::size_t begin = at_ += quote_size;
    while (at_ < text_.size() && quote(rest()) == 0) ++at_;
    add(QueryNode::Kind::phrase, text_.substr(begin, at_ - begin));
    at_ += at_ < text_.size() ? quote(rest()) : 0;
  }

  void open() {
    const bool is_call = at_ > 0 && is_wordy(text_[at_ - 1]);
    const auto depth = static_cast<std::size_t>(std::ranges::count(brackets_, true));
    brackets_.push_back(!is_call && depth < deepest);
    if (brackets_.back()) add(Kind::open);
    ++at_;
  }

  void close() {
    if (!brackets_.empty()) {
      if (brackets_.back()) add(Kind::close);
      brackets_.pop_back();
    }
    ++at_;
  }

  void word() {
    const bool is_start = at_ == 0 || is_blank(text_[at_ - 1]) || text_[at_ - 1] == '(';
    if (is_start && text_[at_] == '-' && at_ + 1 < text_.size() && begins_operand(text_[at_ + 1])) {
      add(Kind::minus);
      ++at_;
      return;
    }
    constexpr std::string_view title = "title:";
    const bool may_name = is_start || (at_ > 0 && text_[at_ - 1] == '-');
    if (may_name && rest().starts_with(title) && at_ + title.size() < text_.size() &&
        begins_operand(text_[at_ + title.size()])) {
      add(Kind::title);
      at_ += title.size();
      return;
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && !is_blank(text_[at_]) && text_[at_] != '(' && text_[at_] != ')' && quote(rest()) == 0)
      ++at_;
    const std::string_view text = text_.substr(begin, at_ - begin);
    if (text == "AND") return add(Kind::conjunction);
    if (text == "OR") return add(Kind::disjunction);
    if (text == "NOT") return add(Kind::negation);
    const bool is_prefix = text.size() > 1 && text.back() == '*' && is_wordy(text[text.size() - 2]);
    add(is_prefix ? QueryNode::Kind::prefix : QueryNode::Kind::word, text);
  }

  // A word, a phrase or a bracket.
  [[nodiscard]] static bool begins_operand(char c) { return is_wordy(c) || c == '"' || c == '('; }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t terms_ = 0;
  std::vector<bool> brackets_;  // those open; true: an operator, not punctuation
  std::vector<Lexeme> lexemes_;
};

class Parser {
 public:
  explicit Parser(std::vector<Lexeme> lexemes) : lexemes_(std::move(lexemes)) {}

  QueryNode any_of() {
    QueryNode node{.kind = QueryNode::Kind::any_of};
    node.children.push_back(all_of());
    while (is_next(Kind::disjunction) && has_operand(at_ + 1)) {
      ++at_;
      node.children.push_back(all_of());
    }
    std::erase_if(node.children, [](const QueryNode& child) { return child.children.empty(); });
    if (node.children.size() == 1) return std::move(node.children.front());
    return node;
  }

 private:
  [[nodiscard]] bool is_next(Kind kind) const { return at_ < lexemes_.size() && lexemes_[at_].kind == kind; }

  // Whether an operand begins here: an operator that has none is a word itself.
  [[nodiscard]] bool has_operand(std::size_t at) const {
    return at < lexemes_.size() && lexemes_[at].kind != Kind::close;
  }

  QueryNode all_of() {
    QueryNode node{.kind = QueryNode::Kind::all_of};
    while (at_ < lexemes_.size() && !is_next(Kind::close)) {
      const bool has_left = !node.children.empty();
      if (has_left && is_next(Kind::disjunction) && has_operand(at_ + 1)) break;
      if (has_left && is_next(Kind::conjunction) && has_operand(at_ + 1)) {
        node.is_spelled = true;
        ++at_;
        continue;
      }
      QueryNode child = operand();
      if (!is_group(child) || !child.children.empty()) node.children.push_back(std::move(child));
    }
    return node;
  }

  static bool is_group(const QueryNode& node) {
    return node.kind == QueryNode::Kind::all_of || node.kind == QueryNode::Kind::any_of;
  }

  QueryNode operand() {
    Lexeme& lexeme = lexemes_[at_++];
    switch (lexeme.kind) {
      case Kind::term: return std::move(lexeme.term);
      case Kind::open: return group();
      case Kind::negation:
        if (!has_operand(at_)) return word("not");
        return negate();
      case Kind::minus: return has_operand(at_) ? negate() : QueryNode{};
      case Kind::title: return in_title();
      case Kind::conjunction: return word("and");
      case Kind::disjunction: return word("or");
      case Kind::close: break;
    }
    return {};
  }

  static QueryNode word(std::string text) { return {.kind = QueryNode::Kind::word, .text = std::move(text)}; }

  QueryNode group() {
    QueryNode inner = any_of();
    if (is_next(Kind::close)) ++at_;
    return inner;
  }

  QueryNode negate() {
    QueryNode child = operand();
    if (is_group(child) && child.children.empty()) return child;
    if (child.kind == QueryNode::Kind::negate) return std::move(child.children.front());
    QueryNode node{.kind = QueryNode::Kind::negate};
    node.children.push_back(std::move(child));
    return node;
  }

  QueryNode in_title() {
    if (!has_operand(at_)) return {};
    QueryNode node = operand();
    mark_title(node);
    return node;
  }

  static void mark_title(QueryNode& node) {
    node.in_title = true;
    for (QueryNode& child : node.children) mark_title(child);
  }

  std::vector<Lexeme> lexemes_;
  std::size_t at_ = 0;
};

std::string_view shorten(std::string_view text) {
  if (text.size() <= longest_query) return text;
  std::size_t size = longest_query;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace

QueryNode parse_query(std::string_view text) {
  Parser parser(Lexer(shorten(text)).read());
  return parser.any_of();
}

}  // namespace docupilot::inline v1::search
