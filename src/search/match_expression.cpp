#include "search/match_expression.h"

#include <algorithm>

namespace docupilot::inline v1::search {

namespace {

constexpr double least_share = 0.01;

class Builder {
 public:
  Builder(const QueryPlan& plan, std::uint64_t documents) : plan_(plan), documents_(documents) {}

  MatchExpression build(Breadth breadth) {
    std::vector<std::size_t> rare = of_kind(true);
    std::vector<std::size_t> other = of_kind(false);
    std::ranges::sort(rare, {}, [&](std::size_t i) { return std::pair(plan_.concepts[i].documents, i); });
    if (breadth == Breadth::narrow && !rare.empty()) {
      // A document with `required` of them has at least one of any `size - required + 1` of them.
      const auto needed = static_cast<std::ptrdiff_t>(rare.size() - plan_.required() + 1);
      other.insert(other.begin(), rare.begin() + needed, rare.end());
      rare.resize(static_cast<std::size_t>(needed));
    }
    if (plan_.musts.empty()) {
      wishes(rare, other);
    } else if (rare.empty() && other.empty()) {
      all_of(plan_.musts, true);
    } else if (breadth == Breadth::wide) {  // what must be is enough: the wishes only rank
      other.insert(other.begin(), rare.begin(), rare.end());
      all_of(plan_.musts, true);
      text(" OR (");
      all_of(plan_.musts, false);
      text(") AND (");
      any_of(other, true);
      text(")");
    } else {
      text("(");
      wishes(rare, other);
      text(std::ranges::all_of(plan_.musts, is_negation) ? ") NOT (" : ") AND (");
      if (std::ranges::all_of(plan_.musts, is_negation)) excluded(plan_.musts);
      else all_of(plan_.musts, true);
      text(")");
    }
    return std::move(out_);
  }

 private:
  static bool is_negation(const Clause& clause) { return clause.kind == Clause::Kind::negate; }

  [[nodiscard]] std::vector<std::size_t> of_kind(bool is_content) const {
    double all = 0;
    for (const std::size_t i : plan_.wished) all += plan_.concepts[i].weight;
    std::vector<std::size_t> out;
    for (const std::size_t i : plan_.wished) {
      const Concept& subject = plan_.concepts[i];
      // What nearly every document has ranks nothing, but has more occurrences to read than all the rest.
      const bool is_idle = !subject.is_content && subject.weight < least_share * all;
      if (subject.is_content == is_content && !is_idle) out.push_back(i);
    }
    return out;
  }

  void text(std::string_view part) { out_.text += part; }

  // One of `rare`, and where one is there also the others, to rank by. Naming `rare` twice is cheaper than to visit
  // every document that has only a frequent word.
  void wishes(const std::vector<std::size_t>& rare, const std::vector<std::size_t>& other) {
    std::uint64_t visited = 0;
    for (const std::size_t i : rare) visited += plan_.concepts[i].documents;
    any_of(rare, true);
    if (other.empty()) return;
    text(" OR ");
    if (visited < documents_ / 2) {
      text("(");
      any_of(rare, false);
      text(") AND (");
      any_of(other, true);
      text(")");
    } else {
      any_of(other, true);
    }
  }

  // Below, each function writes an expression that may stand between ORs, and those who need more put it in brackets:
  // brackets nest in FTS5, whose parser has a small stack.

  void any_of(const std::vector<std::size_t>& subjects, bool counts) {
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      if (i > 0) text(" OR ");
      subject(subjects[i], counts);
    }
  }

  void subject(std::size_t index, bool counts) {
    const Concept& subject = plan_.concepts[index];
    const bool is_one = subject.phrases.size() == 1;
    if (subject.in_title) text("title : ");
    if (!is_one) text("(");
    for (std::size_t i = 0; i < subject.phrases.size(); ++i) {
      const Phrase& phrase = subject.phrases[i];
      if (i > 0) text(" OR ");
      text(quoted(phrase.stems));
      if (phrase.is_prefix) text(" *");
      out_.roles.push_back({counts ? index : PhraseRole::none, phrase.weight, phrase.stems.size()});
    }
    if (!is_one) text(")");
  }

  void everything() {
    text(quoted({std::string(every_document)}));
    out_.roles.push_back({});
  }

  void clause(const Clause& clause, bool counts) {
    switch (clause.kind) {
      case Clause::Kind::concept_of: return subject(clause.subject, counts);
      case Clause::Kind::all_of: return all_of(clause.children, counts);
      case Clause::Kind::negate: return all_of({clause}, counts);
      case Clause::Kind::any_of:
        for (std::size_t i = 0; i < clause.children.size(); ++i) {
          if (i > 0) text(" OR ");
          this->clause(clause.children[i], counts);
        }
    }
  }

  void operand(const Clause& part, bool counts) {
    const bool is_plain = part.kind == Clause::Kind::concept_of;
    if (!is_plain) text("(");
    clause(part, counts);
    if (!is_plain) text(")");
  }

  // FTS5 has no condition that only excludes, so what is excluded goes behind what is asked for.
  void all_of(const std::vector<Clause>& clauses, bool counts) {
    const auto excluding = std::ranges::count_if(clauses, is_negation);
    const auto asking = std::ssize(clauses) - excluding;
    if (asking == 0) everything();
    if (asking > 1 && excluding > 0) text("(");
    bool is_first = true;
    for (const Clause& part : clauses) {
      if (is_negation(part)) continue;
      if (!is_first) text(" AND ");
      is_first = false;
      if (asking == 1 && excluding == 0) clause(part, counts);
      else operand(part, counts);
    }
    if (asking > 1 && excluding > 0) text(")");
    if (excluding == 0) return;
    text(" NOT (");
    excluded(clauses);
    text(")");
  }

  void excluded(const std::vector<Clause>& clauses) {
    bool is_first = true;
    for (const Clause& part : clauses) {
      if (!is_negation(part)) continue;
      if (!is_first) text(" OR ");
      is_first = false;
      clause(part.children.front(), false);
    }
  }

  const QueryPlan& plan_;
  std::uint64_t documents_;
  MatchExpression out_;
};

}  // namespace

MatchExpression match_expression(const QueryPlan& plan, std::uint64_t documents, Breadth breadth) {
  return Builder(plan, documents).build(breadth);
}

std::string quoted(const std::vector<std::string>& stems) {
  std::string out = "\"";
  for (const std::string& stem : stems) {
    if (out.size() > 1) out += ' ';
    for (const char c : stem) out.append(c == '"' ? 2 : 1, c);
  }
  return out + '"';
}

}  // namespace docupilot::inline v1::search
