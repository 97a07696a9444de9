#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <string_view>

#include "store/s3_quirks.h"

namespace docupilot::inline v1 {

/// What can be in a key that a server which keeps keys as paths of a file system would tidy, so that the bytes end up
/// under another key.
enum class KeyOddity {
  leading_slash,  ///< "/a"
  empty_segment,  ///< "a//b"
  dot_segment,    ///< "a/./b", "a/../b"
};
constexpr std::array key_oddities = {KeyOddity::leading_slash, KeyOddity::empty_segment, KeyOddity::dot_segment};

[[nodiscard]] bool has_oddity(std::string_view key, KeyOddity oddity);
/// Whether a part between slashes is longer than a file's name may be. No server makes another key of it.
[[nodiscard]] bool has_long_segment(std::string_view key);

/// Which of them the server of one store keeps as they are, as far as is known. Any thread.
class S3KeyRule {
 public:
  explicit S3KeyRule(S3Keys keys) : keys_(keys) {}

  /// Replies have shown that the server keeps keys as paths.
  void are_paths() noexcept { keys_ = S3Keys::paths; }
  [[nodiscard]] bool has_paths() const noexcept { return keys_ == S3Keys::paths; }
  /// Nothing: it must be tried out.
  [[nodiscard]] std::optional<bool> keeps(KeyOddity oddity) const noexcept;
  void learn(KeyOddity oddity, bool kept) noexcept;
  /// Whether it is known to keep all of them.
  [[nodiscard]] bool keeps_all() const noexcept;

 private:
  enum class Answer : char { unknown, kept, not_kept };
  std::atomic<S3Keys> keys_;
  std::array<std::atomic<Answer>, key_oddities.size()> answers_ = {};
};

}  // namespace docupilot::inline v1
