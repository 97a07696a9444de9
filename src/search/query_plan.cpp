#include "search/query_plan.h"

#include <algorithm>
#include <cmath>

#include "base/try.h"

namespace docupilot::inline v1::search {

namespace {

constexpr double stop_word_weight = 0.3;
constexpr double guess_weight = 0.7;
constexpr std::size_t most_guesses = 3;

struct Piece {
  std::string word;
  std::string stem;
};
using Compound = std::vector<Piece>;

// Whether two words with this between them are one name, such as pg_stat_activity, 15.3 or two-phase.
bool is_joint(std::string_view gap) {
  constexpr std::string_view joints = "_-./\\:@'&~+#=$%";
  return gap.size() <= 2 && std::ranges::all_of(gap, [&](char c) { return joints.find(c) != std::string_view::npos; });
}

bool is_correctable(std::string_view word) {
  const auto is_digit_or_mark = [](char c) { return (c >= '0' && c <= '9') || c == '+' || c == '#'; };
  return word.size() >= 3 && !std::ranges::all_of(word, is_digit_or_mark);
}

std::size_t most_errors(std::string_view word) { return word.size() < 6 ? 1 : word.size() < 12 ? 2 : 3; }

class Planner {
 public:
  Planner(bool typo_tolerance, Analyzer& analyzer, Dictionary& dictionary)
      : typo_tolerance_(typo_tolerance), analyzer_(analyzer), dictionary_(dictionary) {}

  Result<QueryPlan> plan(const QueryNode& root) {
    if (root.kind == QueryNode::Kind::all_of && !root.is_spelled) {
      DOCUPILOT_CHECK(wish(root));
    } else {
      DOCUPILOT_TRY(Clause clause, compile(root));
      if (!is_void(clause)) plan_.musts.push_back(std::move(clause));
    }
    return std::move(plan_);
  }

 private:
  static bool is_void(const Clause& clause) {
    return clause.kind != Clause::Kind::concept_of && clause.children.empty();
  }

  // Words side by side, as people ask: each is wished for, and only what has an operator must be.
  Result<void> wish(const QueryNode& node) {
    for (const QueryNode& child : node.children) {
      const bool is_plain = child.kind == QueryNode::Kind::word || child.kind == QueryNode::Kind::prefix;
      if (is_plain && !child.in_title) {
        DOCUPILOT_TRY(const auto subjects, concepts_of(child));
        for (const std::size_t subject : subjects) {
          if (std::ranges::find(plan_.wished, subject) == plan_.wished.end()) plan_.wished.push_back(subject);
          plan_.sequence.push_back(subject);
        }
      } else if (child.kind == QueryNode::Kind::all_of && !child.is_spelled) {
        DOCUPILOT_CHECK(wish(child));
      } else {
        DOCUPILOT_TRY(Clause clause, compile(child));
        if (!is_void(clause)) plan_.musts.push_back(std::move(clause));
      }
    }
    return {};
  }

  Result<Clause> compile(const QueryNode& node) {
    Clause clause;
    switch (node.kind) {
      case QueryNode::Kind::all_of:
      case QueryNode::Kind::any_of:
      case QueryNode::Kind::negate:
        clause.kind = node.kind == QueryNode::Kind::all_of   ? Clause::Kind::all_of
                      : node.kind == QueryNode::Kind::any_of ? Clause::Kind::any_of
                                                             : Clause::Kind::negate;
        for (const QueryNode& child : node.children) {
          DOCUPILOT_TRY(Clause part, compile(child));
          if (!is_void(part)) clause.children.push_back(std::move(part));
        }
        return clause;
      case QueryNode::Kind::word:
      case QueryNode::Kind::prefix:
      case QueryNode::Kind::phrase: break;
    }
    clause.kind = Clause::Kind::all_of;
    DOCUPILOT_TRY(const auto subjects, concepts_of(node));
    for (const std::size_t subject : subjects) clause.children.push_back({Clause::Kind::concept_of, subject});
    if (clause.children.size() == 1) return std::move(clause.children.front());
    return clause;
  }

  std::vector<Compound> compounds(const QueryNode& node) {
    std::vector<Compound> out;
    std::size_t end = 0;
    analyzer_.read(node.text, [&](const Token& token) {
      const bool joined = !out.empty() && (token.offset < end || is_joint(node.text.substr(end, token.offset - end)));
      if (!joined && (out.empty() || node.kind != QueryNode::Kind::phrase)) out.emplace_back();
      out.back().push_back({std::string(token.word), std::string(token.stem)});
      end = token.offset + token.size;
    });
    return out;
  }

  Result<std::vector<std::size_t>> concepts_of(const QueryNode& node) {
    std::vector<std::size_t> out;
    const std::vector<Compound> all = compounds(node);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool is_prefix = node.kind == QueryNode::Kind::prefix && i + 1 == all.size();
      const bool is_quoted = node.kind == QueryNode::Kind::phrase;
      if (all[i].size() > 1 || is_prefix) {
        DOCUPILOT_TRY(auto together, is_prefix ? prefix(all[i]) : phrase(all[i], is_quoted));
        if (together) {
          out.push_back(add(*std::move(together), node.in_title));
          continue;
        }
      }
      for (const Piece& piece : all[i]) {
        DOCUPILOT_TRY(Concept alone, word(piece));
        out.push_back(add(std::move(alone), node.in_title));
      }
    }
    return out;
  }

  std::size_t add(Concept subject, bool in_title) {
    subject.in_title = in_title;
    const auto same = std::ranges::find_if(plan_.concepts, [&](const Concept& other) {
      return other.in_title == in_title && other.phrases.front().stems == subject.phrases.front().stems &&
             other.phrases.front().is_prefix == subject.phrases.front().is_prefix;
    });
    if (same != plan_.concepts.end()) return static_cast<std::size_t>(same - plan_.concepts.begin());
    plan_.concepts.push_back(std::move(subject));
    return plan_.concepts.size() - 1;
  }

  [[nodiscard]] double weight_of(std::uint64_t documents, std::string_view word) const {
    const auto all = static_cast<double>(dictionary_.documents());
    const double with = std::min(all, static_cast<double>(documents));
    const double weight = std::log(1 + (all - with + 0.5) / (with + 0.5));
    return is_stop_word(word) ? stop_word_weight * weight : weight;
  }

  void correct(const std::string& from, const std::string& to) {
    const auto same = [&](const Correction& c) { return c.from == from && c.to == to; };
    if (std::ranges::none_of(plan_.corrections, same)) plan_.corrections.push_back({from, to});
  }

  std::string stem_of(const std::string& word) {
    std::string stem = word;
    analyzer_.read(word, [&](const Token& token) { stem = token.stem; });
    return stem;
  }

  // What may have been meant by a word that no document has as it is spelled. A spelling that differs but has the
  // same stem as the word is found anyway.
  Result<std::vector<NearWord>> guesses(const Piece& piece, const WordCount& count) {
    std::vector<NearWord> near;
    if (!typo_tolerance_ || count.spelled > 0 || !is_correctable(piece.word) || is_stop_word(piece.word)) return near;
    if (count.stemmed == 0) return dictionary_.nearest(piece.word, most_errors(piece.word));
    if (piece.word.size() < 6) return near;
    DOCUPILOT_TRY(near, dictionary_.nearest(piece.word, 1));
    if (std::ranges::any_of(near, [&](const NearWord& w) { return stem_of(w.word) == piece.stem; })) near.clear();
    std::erase_if(near, [&](const NearWord& w) { return w.word.front() != piece.word.front(); });
    if (near.size() > 1) near.resize(1);
    return near;
  }

  Result<Concept> word(const Piece& piece) {
    Concept out;
    out.is_content = !is_stop_word(piece.word);
    DOCUPILOT_TRY(const WordCount count, dictionary_.count(piece.word, piece.stem));
    DOCUPILOT_TRY(const std::vector<NearWord> near, guesses(piece, count));
    if (count.stemmed > 0 || near.empty()) out.phrases.push_back({{piece.stem}});
    out.documents = count.stemmed;
    for (const NearWord& guess : near) {
      std::string stem = stem_of(guess.word);
      const auto same = [&](const Phrase& phrase) { return phrase.stems.front() == stem; };
      if (std::ranges::any_of(out.phrases, same)) continue;
      if (out.phrases.size() == most_guesses) break;
      DOCUPILOT_TRY(const WordCount guessed, dictionary_.count(guess.word, stem));
      out.documents = std::max(out.documents, guessed.stemmed);
      const bool is_likeliest = guess.word == near.front().word;
      out.phrases.push_back({{std::move(stem)}, false, is_likeliest ? 1 : guess_weight});
      correct(piece.word, guess.word);
    }
    out.weight = weight_of(out.documents, piece.word);
    return out;
  }

  // The words as one name, each replaced by the likeliest guess where it is unknown. Nothing when no document has them
  // so and they were not quoted.
  Result<std::optional<Concept>> phrase(const Compound& words, bool is_quoted) {
    Concept out;
    Phrase together;
    std::vector<Correction> corrections;
    out.documents = dictionary_.documents();
    out.is_content = false;
    for (const Piece& piece : words) {
      DOCUPILOT_TRY(WordCount count, dictionary_.count(piece.word, piece.stem));
      std::string stem = piece.stem;
      if (count.stemmed == 0) {
        DOCUPILOT_TRY(const std::vector<NearWord> near, guesses(piece, count));
        if (!near.empty()) {
          stem = stem_of(near.front().word);
          corrections.push_back({piece.word, near.front().word});
          DOCUPILOT_TRY(count, dictionary_.count(near.front().word, stem));
        }
      }
      out.documents = std::min(out.documents, count.stemmed);
      out.weight += weight_of(count.stemmed, piece.word);
      out.is_content = out.is_content || !is_stop_word(piece.word);
      together.stems.push_back(std::move(stem));
    }
    if (!is_quoted) {
      if (out.documents == 0) return std::optional<Concept>();
      DOCUPILOT_TRY(const bool is_there, dictionary_.has_phrase(together.stems));
      if (!is_there) return std::optional<Concept>();
    }
    for (const Correction& c : corrections) correct(c.from, c.to);
    out.is_content = out.is_content || is_quoted;
    out.phrases.push_back(std::move(together));
    return std::optional(std::move(out));
  }

  // Words that begin so, behind the words before it where it is a name: pg_stat_a*.
  Result<std::optional<Concept>> prefix(const Compound& words) {
    Concept out;
    Phrase together{.stems = {}, .is_prefix = true};
    for (const Piece& piece : words) together.stems.push_back(piece.stem);
    together.stems.back() = words.back().word;
    DOCUPILOT_TRY(PrefixCount count, dictionary_.count_prefix(words.back().word));
    out.documents = std::min(count.documents, dictionary_.documents());
    out.weight = weight_of(out.documents, {});
    out.phrases.push_back(together);
    together.is_prefix = false;
    for (std::string& stem : count.stems) {
      together.stems.back() = std::move(stem);
      out.phrases.push_back(together);
    }
    return std::optional(std::move(out));
  }

  bool typo_tolerance_;
  Analyzer& analyzer_;
  Dictionary& dictionary_;
  QueryPlan plan_;
};

}  // namespace

std::size_t QueryPlan::required() const {
  const auto is_content = [&](std::size_t subject) { return concepts[subject].is_content; };
  const auto count = static_cast<std::size_t>(std::ranges::count_if(wished, is_content));
  return count <= 2 ? count : (count * 3 + 4) / 5;
}

Result<QueryPlan> plan_query(const QueryNode& root, bool typo_tolerance, Analyzer& analyzer, Dictionary& dictionary) {
  DOCUPILOT_TRY(QueryPlan plan, Planner(typo_tolerance, analyzer, dictionary).plan(root));
  const auto is_content = [&](std::size_t subject) { return plan.concepts[subject].is_content; };
  if (std::ranges::none_of(plan.wished, is_content)) {  // "to be or not to be": then they are what is asked for
    for (const std::size_t subject : plan.wished) plan.concepts[subject].is_content = true;
  }
  return plan;
}

}  // namespace docupilot::inline v1::search
