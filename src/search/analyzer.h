#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace docupilot::inline v1::search {

/// What the index knows of a word.
struct Token {
  std::string_view word;   ///< Folded: no case, no accents. At most 64 bytes; never empty.
  std::string_view stem;   ///< Of `word`; what is matched.
  std::size_t offset = 0;  ///< Where the spelling stands in the text, in bytes.
  std::size_t size = 0;    ///< Of the spelling.
};

/// Turns text into the tokens that are indexed and searched, the same for both:
///   - words as text::WordReader finds them, so pg_stat_activity is three words that follow one another;
///   - parts between apostrophes are words of their own, and a final 's is dropped;
///   - scripts written without spaces (Han, kana, Thai ...) give one token a character;
///   - a word directly followed by ++ or # keeps it: C++ is not C.
/// For one thread at a time.
class Analyzer {
 public:
  Analyzer();
  ~Analyzer();
  Analyzer(Analyzer&&) noexcept;
  Analyzer& operator=(Analyzer&&) noexcept;

  /// Calls `take` for each token in order; its views are good during the call only.
  void read(std::string_view text, const std::function<void(const Token&)>& take);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether a folded word says so little that it only helps to rank (the, of, is ...).
[[nodiscard]] bool is_stop_word(std::string_view word) noexcept;

}  // namespace docupilot::inline v1::search
