#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/result.h>

namespace docupilot::inline v1::search {

/// How many documents have a word.
struct WordCount {
  std::uint64_t spelled = 0;  ///< Exactly this word.
  std::uint64_t stemmed = 0;  ///< Any word with its stem.
};

/// A word of the index that looks like one of the query.
struct NearWord {
  std::string word;
  std::size_t distance = 0;
  std::uint64_t documents = 0;
};

/// The words that begin in one way.
struct PrefixCount {
  std::uint64_t documents = 0;     ///< About how many documents have one of them.
  std::vector<std::string> stems;  ///< Stems of those whose stem does not begin so itself.
};

/// What a query asks of the words of an index.
class Dictionary {
 public:
  virtual ~Dictionary() = default;
  [[nodiscard]] virtual std::uint64_t documents() const = 0;
  [[nodiscard]] virtual Result<WordCount> count(std::string_view word, std::string_view stem) = 0;
  /// The words at the least distance from this one, likeliest first; none when all are further than `most`.
  [[nodiscard]] virtual Result<std::vector<NearWord>> nearest(std::string_view word, std::size_t most) = 0;
  [[nodiscard]] virtual Result<PrefixCount> count_prefix(std::string_view prefix) = 0;
  /// Whether a document has these stems one after the other.
  [[nodiscard]] virtual Result<bool> has_phrase(const std::vector<std::string>& stems) = 0;
};

}  // namespace docupilot::inline v1::search
