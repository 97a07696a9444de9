#include "search/ranking.h"

#include <algorithm>
#include <cmath>

namespace docupilot::inline v1::search {

namespace {

// Found on one half of the questions of tests/bench/search and confirmed on the other; see
// docs/backends/sqlite-fts5.md. None of them is critical: half or twice of it costs a few hundredths at most.
constexpr double saturation = 4;           // occurrences that give half of a word's weight
constexpr double body_length_share = 0.5;  // how far long bodies are held against a document
constexpr double title_factor = 6;         // an occurrence in the title counts as so many in the body
constexpr double name_factor = 2;          // file name and tags
constexpr double coverage_power = 0.5;
constexpr double title_bonus = 0.8;
constexpr double passage_bonus = 0.6;
constexpr double neighbour_bonus = 0.3;
constexpr int passage_tokens = 24;
constexpr std::size_t most_hits = 256;  // of a phrase in a document; more say nothing more

}  // namespace

Ranking::Ranking(const QueryPlan& plan, const std::vector<PhraseRole>& roles, const Options& options)
    : plan_(plan),
      roles_(roles),
      options_(options),
      required_(options.most_only ? 0 : plan.required()),
      found_(plan.concepts.size()),
      bodies_(plan.concepts.size()),
      titles_(plan.concepts.size()),
      seen_(plan.concepts.size()) {
  std::vector<bool> counted(plan.concepts.size());
  for (const PhraseRole& role : roles) {
    if (role.subject == PhraseRole::none || counted[role.subject]) continue;
    counted[role.subject] = true;
    total_weight_ += plan.concepts[role.subject].weight;
  }
  if (total_weight_ <= 0) total_weight_ = 1;
}

bool Ranking::visit(const sqlite::Fts5Row& row) {
  read(row);
  const auto is_there = [&](std::size_t i) { return found_[i].weight > 0 && plan_.concepts[i].is_content; };
  const auto have = static_cast<std::size_t>(std::ranges::count_if(plan_.wished, is_there));
  if (have < required_) return false;
  if (options_.most_only && have > required_) {  // better than all before
    required_ = have;
    count_ = 0;
    keys_.clear();
    matches_.clear();
    top_ = {};
  }
  ++count_;
  const DocumentKey key(row.key());
  if (options_.keep_keys) keys_.push_back(key.value());
  Match match{.key = key.value(), .score = base_score(key)};
  if (top_.size() == options_.keep && match.score + passage_bonus + neighbour_bonus < top_.top()) return true;
  match.score += passage_bonus * passage_score(match) + neighbour_bonus * neighbour_score(key);
  keep(match);
  return true;
}

void Ranking::read(const sqlite::Fts5Row& row) {
  for (std::size_t i = 0; i < found_.size(); ++i) {
    found_[i] = {};
    bodies_[i].clear();
    titles_[i].clear();
  }
  for (std::size_t phrase = 0; phrase < roles_.size(); ++phrase) {
    const PhraseRole& role = roles_[phrase];
    if (role.subject == PhraseRole::none) continue;
    hits_.clear();
    row.hits(static_cast<int>(phrase), most_hits, hits_);
    if (hits_.empty()) continue;
    Found& found = found_[role.subject];
    found.weight = std::max(found.weight, role.weight);
    for (const sqlite::Fts5Hit& hit : hits_) {
      switch (static_cast<Column>(hit.column)) {
        case Column::title:
          found.title += 1;
          titles_[role.subject].push_back(hit.offset);
          break;
        case Column::name:
        case Column::tags: found.other += 1; break;
        case Column::body:
          found.body += 1;
          bodies_[role.subject].push_back(hit.offset);
          break;
      }
    }
    if (plan_.concepts[role.subject].phrases.size() > 1) {  // several spellings: each came in its own order
      std::ranges::sort(bodies_[role.subject]);
      std::ranges::sort(titles_[role.subject]);
    }
  }
}

double Ranking::base_score(DocumentKey key) const {
  const double body_length = 1 - body_length_share + body_length_share * key.body_tokens() / options_.average_tokens;
  const auto title_words = static_cast<double>(key.title_words());
  double words = 0;
  double covered = 0;
  double in_title = 0;
  double title_matches = 0;
  for (std::size_t i = 0; i < found_.size(); ++i) {
    const Found& found = found_[i];
    if (found.weight <= 0) continue;
    const Concept& subject = plan_.concepts[i];
    const double weight = found.weight * subject.weight;
    const double occurrences = found.body / body_length + title_factor * found.title + name_factor * found.other;
    words += weight * occurrences / (saturation + occurrences);
    covered += weight;
    if (found.title > 0) {
      in_title += weight;
      if (subject.is_content) title_matches += static_cast<double>(subject.phrases.front().stems.size());
    }
  }
  const double coverage = covered / total_weight_;
  const double precision = title_words > 0 ? std::min(1.0, title_matches / title_words) : 0;
  const double recall = in_title / total_weight_;
  const double title = precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
  return words / total_weight_ * std::pow(coverage, coverage_power) + title_bonus * title * coverage;
}

// The share of the query that stands together in the best few tokens of the body.
double Ranking::passage_score(Match& match) {
  places_.clear();
  for (std::size_t i = 0; i < bodies_.size(); ++i) {
    for (const int token : bodies_[i]) places_.push_back({token, i});
  }
  std::ranges::sort(places_, {}, &Place::token);
  std::ranges::fill(seen_, 0);
  double best = 0;
  double now = 0;
  std::size_t begin = 0;
  for (const Place& place : places_) {
    if (seen_[place.subject]++ == 0) now += found_[place.subject].weight * plan_.concepts[place.subject].weight;
    for (; places_[begin].token <= place.token - passage_tokens; ++begin) {
      const std::size_t left = places_[begin].subject;
      if (--seen_[left] == 0) now -= found_[left].weight * plan_.concepts[left].weight;
    }
    if (now > best * (1 + 1e-9)) {
      best = now;
      match.first_token = places_[begin].token;
      match.last_token = place.token;
    }
  }
  return best / total_weight_;
}

// How much of the query's order the document keeps.
double Ranking::neighbour_score(DocumentKey key) const {
  const double length = (1 + key.body_tokens() / options_.average_tokens) / 2;
  double score = 0;
  double all = 0;
  for (std::size_t i = 0; i + 1 < plan_.sequence.size(); ++i) {
    const std::size_t left = plan_.sequence[i];
    const std::size_t right = plan_.sequence[i + 1];
    const double weight = std::min(plan_.concepts[left].weight, plan_.concepts[right].weight);
    all += weight;
    const int size = static_cast<int>(plan_.concepts[left].phrases.front().stems.size());
    const auto count = [&](const std::vector<int>& from, const std::vector<int>& to) {
      std::size_t together = 0;
      for (std::size_t a = 0, b = 0; a < from.size() && b < to.size();) {
        const int distance = to[b] - (from[a] + size);
        together += distance == 0 ? 1 : 0;
        if (distance < 0) ++b;
        else ++a;
      }
      return static_cast<double>(together);
    };
    const double in_body = count(bodies_[left], bodies_[right]);
    const double in_title = count(titles_[left], titles_[right]);
    score += weight * std::max(in_body / (in_body + length), in_title > 0 ? 1.0 : 0.0);
  }
  return all > 0 ? score / all : 0;
}

void Ranking::keep(const Match& match) {
  if (top_.size() == options_.keep) {
    if (match.score < top_.top()) return;
    if (match.score > top_.top()) {
      top_.pop();
      top_.push(match.score);
    }
  } else {
    top_.push(match.score);
  }
  matches_.push_back(match);
  if (matches_.size() < prune_at_) return;
  prune();
  prune_at_ = std::max(prune_at_, 2 * matches_.size());  // all score the same, it seems
}

void Ranking::prune() {
  if (top_.size() < options_.keep) return;
  std::erase_if(matches_, [&](const Match& match) { return match.score < top_.top(); });
}

std::vector<Match> Ranking::best() && {
  prune();
  std::ranges::sort(matches_, std::greater<>(), &Match::score);
  return std::move(matches_);
}

}  // namespace docupilot::inline v1::search
