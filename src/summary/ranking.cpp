#include "summary/ranking.h"

#include <algorithm>
#include <span>

#include "base/try.h"

namespace docupilot::inline v1::extractive {

namespace {

constexpr int mass_bits = 40;   // all ranks together make 2^40
constexpr int share_bits = 20;  // what a sentence gives to all others makes at most 2^20
constexpr std::uint64_t damping_per_cent = 85;
constexpr int most_rounds = 50;
constexpr std::uint64_t settled = (std::uint64_t{1} << mass_bits) / 1'000'000;

struct Link {
  std::uint32_t from = 0;
  std::uint32_t share = 0;  // of the other sentence's rank, in 2^-20
};

// The links of each sentence, those of sentence i from begins[i] to begins[i + 1].
struct Graph {
  std::vector<std::uint32_t> begins;
  std::vector<Link> links;
};

Result<Graph> link(const TermIndex& index, const Context& context) {
  static constexpr std::size_t check_every = 32;
  const std::size_t count = index.sentences.size();
  std::vector<std::uint32_t> shared(count);
  std::vector<std::uint32_t> touched;
  std::vector<std::uint32_t> sums(count);
  std::vector<std::uint32_t> logs(count);
  for (std::size_t i = 0; i < count; ++i) logs[i] = log2_fixed(index.terms_of(i).size() + 1);
  Graph graph;
  graph.begins.reserve(count + 1);
  graph.begins.push_back(0);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i % check_every == 0) DOCUPILOT_CHECK(context.check("summarize"));
    for (const std::uint32_t term : index.terms_of(i)) {
      const std::uint32_t weight = index.weights[term];
      if (weight == 0) continue;
      for (const std::uint32_t j : index.sentences_with(term)) {
        if (shared[j] == 0) touched.push_back(j);
        shared[j] += weight;
      }
    }
    for (const std::uint32_t j : touched) {
      const std::uint32_t weight = i == j ? 0 : 64 * shared[j] / (logs[i] + logs[j]);
      shared[j] = 0;
      if (weight == 0) continue;
      sums[i] += weight;
      graph.links.push_back({j, weight});
    }
    touched.clear();
    graph.begins.push_back(static_cast<std::uint32_t>(graph.links.size()));
  }
  for (Link& one : graph.links) {
    one.share = static_cast<std::uint32_t>((std::uint64_t{one.share} << share_bits) / sums[one.from]);
  }
  return graph;
}

Result<std::vector<std::uint64_t>> page_rank(const Graph& graph, const Context& context) {
  const std::size_t count = graph.begins.size() - 1;
  const std::uint64_t equal = (std::uint64_t{1} << mass_bits) / count;
  const std::uint64_t base = equal * (100 - damping_per_cent) / 100;
  std::vector<std::uint64_t> ranks(count, equal);
  std::vector<std::uint64_t> next(count);
  for (int round = 0; round < most_rounds; ++round) {
    DOCUPILOT_CHECK(context.check("summarize"));
    std::uint64_t change = 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::uint64_t sum = 0;  // of shares that make at most 2^20 times ranks that make at most 2^40
      for (std::uint32_t k = graph.begins[i]; k < graph.begins[i + 1]; ++k) {
        sum += graph.links[k].share * ranks[graph.links[k].from];
      }
      next[i] = base + (sum >> share_bits) * damping_per_cent / 100;
      change += next[i] > ranks[i] ? next[i] - ranks[i] : ranks[i] - next[i];
    }
    ranks.swap(next);
    if (change < settled) break;
  }
  return ranks;
}

// Documents say first what they are about: the first sentence that reads well counts more than twice, and what the
// others on the first page get falls to nothing.
class Places {
 public:
  explicit Places(std::size_t count) : leads_(std::clamp<std::size_t>(count / 10, 5, 30)) {}

  // For the sentences in their order.
  [[nodiscard]] std::uint64_t next_per_mille(std::uint32_t quality) noexcept {
    static constexpr std::uint32_t readable = 500;
    static constexpr std::uint64_t first = 2200;
    static constexpr std::uint64_t most = 600;
    if (quality < readable) return 1000;
    const std::size_t place = place_++;
    if (place == 0) return first;
    return 1000 + (place < leads_ ? most * (leads_ - place) / leads_ : 0);
  }

 private:
  std::size_t leads_;
  std::size_t place_ = 0;
};

std::uint64_t weigh(const TermIndex& index, std::span<const std::uint32_t> terms) noexcept {
  std::uint64_t sum = 0;
  for (const std::uint32_t term : terms) sum += index.weights[term];
  return sum;
}

// Up to 40 % for terms of the title; `title` holds those of them that the text uses.
std::uint64_t title_per_mille(std::span<const std::uint32_t> terms, std::span<const std::uint32_t> title) noexcept {
  static constexpr std::uint64_t most = 400;
  if (title.empty()) return 1000;
  const auto shared =
      std::ranges::count_if(title, [&](std::uint32_t t) { return std::ranges::binary_search(terms, t); });
  return 1000 + most * static_cast<std::uint64_t>(shared) / title.size();
}

// Whether more than 70 % of the words of two sets are in both.
bool alike(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) noexcept {
  std::size_t both = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i] == b[j]) ++both, ++i, ++j;
    else if (a[i] < b[j]) ++i;
    else ++j;
  }
  return 10 * both > 7 * (a.size() + b.size() - both);
}

class Chooser {
 public:
  Chooser(const Reading& reading, const TermIndex& index, const std::vector<std::uint64_t>& scores)
      : reading_(reading), index_(index), scores_(scores), open_(scores.size(), true), overlap_(scores.size()) {
    weights_.reserve(scores.size());
    for (std::size_t i = 0; i < scores.size(); ++i) weights_.push_back(weigh(index, index.terms_of(i)));
    highest_ = std::max<std::uint64_t>(1, *std::ranges::max_element(scores));
  }

  // The best sentence that is left and has at most so many words; false when there is none.
  [[nodiscard]] bool find(std::size_t most_words, std::uint32_t& best) const noexcept {
    std::int64_t most = 0;
    bool found = false;
    for (std::uint32_t i = 0; i < scores_.size(); ++i) {
      if (!open_[i] || index_.sentences[i].length > most_words) continue;
      const auto worth = static_cast<std::int64_t>(scores_[i] * 700 / highest_) - 3 * overlap_[i] / 10;
      if (found && worth <= most) continue;
      most = worth;
      best = i;
      found = true;
    }
    return found;
  }

  // Takes a sentence into the summary unless it is too much like one that is in it.
  [[nodiscard]] bool take(std::uint32_t sentence) {
    open_[sentence] = false;
    const Candidate& candidate = index_.sentences[sentence];
    const auto words = std::span(reading_.words).subspan(candidate.first_word, candidate.word_count);
    std::vector<std::uint32_t> set(words.begin(), words.end());
    std::ranges::sort(set);
    set.erase(std::unique(set.begin(), set.end()), set.end());
    if (std::ranges::any_of(taken_, [&](const auto& other) { return alike(set, other); })) return false;
    taken_.push_back(std::move(set));
    push_away(sentence);
    return true;
  }

 private:
  // Notes what the others have in common with a sentence that was taken.
  void push_away(std::uint32_t sentence) {
    std::vector<std::uint64_t> shared(scores_.size());
    for (const std::uint32_t term : index_.terms_of(sentence)) {
      if (index_.weights[term] == 0) continue;
      for (const std::uint32_t other : index_.sentences_with(term)) shared[other] += index_.weights[term];
    }
    for (std::uint32_t i = 0; i < scores_.size(); ++i) {
      const std::uint64_t least = std::min(weights_[i], weights_[sentence]);
      if (least > 0) overlap_[i] = std::max(overlap_[i], static_cast<std::int64_t>(1000 * shared[i] / least));
    }
  }

  const Reading& reading_;
  const TermIndex& index_;
  const std::vector<std::uint64_t>& scores_;
  std::vector<bool> open_;
  std::vector<std::int64_t> overlap_;  // the most that each has in common with one that was taken, per mille
  std::vector<std::uint64_t> weights_;
  std::vector<std::vector<std::uint32_t>> taken_;  // as sets of words
  std::uint64_t highest_ = 1;
};

std::uint32_t shortest(const TermIndex& index) noexcept {
  const auto found = std::ranges::min_element(index.sentences, {}, &Candidate::length);
  return static_cast<std::uint32_t>(found - index.sentences.begin());
}

}  // namespace

Result<std::vector<std::uint64_t>> rank(const TermIndex& index, const Context& context) {
  DOCUPILOT_TRY(const Graph graph, link(index, context));
  DOCUPILOT_TRY(std::vector<std::uint64_t> scores, page_rank(graph, context));
  const std::size_t count = scores.size();
  std::vector<std::uint32_t> title = index.title;
  std::erase_if(title, [&](std::uint32_t term) { return index.sentences_with(term).empty(); });
  Places places(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t score = scores[i] * count >> (mass_bits - 20);
    score = score * places.next_per_mille(index.sentences[i].quality) / 1000;
    score = score * title_per_mille(index.terms_of(i), title) / 1000;
    scores[i] = score * index.sentences[i].quality / 1000;
  }
  return scores;
}

Result<std::vector<std::uint32_t>> choose(const Reading& reading, const TermIndex& index,
                                          const std::vector<std::uint64_t>& scores, Room room, const Context& context) {
  static constexpr std::size_t no_limit = static_cast<std::size_t>(-1);
  Chooser chooser(reading, index, scores);
  std::vector<std::uint32_t> chosen;
  std::size_t words_left = room.words > 0 ? room.words : no_limit;
  for (std::uint32_t best = 0; room.sentences == 0 || chosen.size() < room.sentences;) {
    DOCUPILOT_CHECK(context.check("summarize"));
    if (!chooser.find(words_left, best)) break;
    if (!chooser.take(best)) continue;
    chosen.push_back(best);
    if (words_left != no_limit) words_left -= index.sentences[best].length;
  }
  if (chosen.empty()) chosen.push_back(shortest(index));
  std::ranges::sort(chosen);
  return chosen;
}

}  // namespace docupilot::inline v1::extractive
