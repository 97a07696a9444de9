#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

struct sb_stemmer;

namespace docupilot::inline v1::text {

/// Cuts words down to their stem, so that "connected" and "connections" are the same word (Snowball algorithms).
/// For one thread at a time; making one costs about a microsecond.
class Stemmer {
 public:
  /// By English name ("german"), ISO 639 code ("de", "deu") or BCP 47 tag ("de-AT"), in any case. Nothing for a
  /// language without an algorithm.
  [[nodiscard]] static std::optional<Stemmer> make(std::string_view language);

  /// The stem of one word, which should be in the form that `fold_case` gives; a word longer than 128 bytes is its own
  /// stem. The view is good until the next call.
  [[nodiscard]] std::string_view stem(std::string_view word);

 private:
  struct Delete {
    void operator()(sb_stemmer* stemmer) const noexcept;
  };
  explicit Stemmer(std::unique_ptr<sb_stemmer, Delete> stemmer) noexcept : stemmer_(std::move(stemmer)) {}

  std::unique_ptr<sb_stemmer, Delete> stemmer_;
};

}  // namespace docupilot::inline v1::text
