#include "store/s3_key_rule.h"

#include <algorithm>

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t longest_file_name = 255;

/// Whether `wanted` holds for a part between slashes, the first one and, unless it is empty, the last one included: a
/// '/' at the end is a folder's, which every server keeps.
template <class Wanted>
bool any_segment(std::string_view key, Wanted wanted) {
  for (std::size_t at = 0; at < key.size();) {
    const std::size_t end = std::min(key.find('/', at), key.size());
    if (wanted(at, key.substr(at, end - at))) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace

bool has_oddity(std::string_view key, KeyOddity oddity) {
  switch (oddity) {
    case KeyOddity::leading_slash: return key.starts_with('/');
    case KeyOddity::empty_segment:
      return any_segment(key, [](std::size_t at, std::string_view segment) { return at > 0 && segment.empty(); });
    case KeyOddity::dot_segment:
      return any_segment(key, [](std::size_t, std::string_view segment) { return segment == "." || segment == ".."; });
  }
  return false;
}

bool has_long_segment(std::string_view key) {
  return any_segment(key, [](std::size_t, std::string_view segment) { return segment.size() > longest_file_name; });
}

std::optional<bool> S3KeyRule::keeps(KeyOddity oddity) const noexcept {
  const S3Keys keys = keys_;
  if (keys != S3Keys::ask) return keys == S3Keys::any;
  const Answer answer = answers_.at(static_cast<std::size_t>(oddity));
  if (answer == Answer::unknown) return std::nullopt;
  return answer == Answer::kept;
}

void S3KeyRule::learn(KeyOddity oddity, bool kept) noexcept {
  answers_.at(static_cast<std::size_t>(oddity)) = kept ? Answer::kept : Answer::not_kept;
}

bool S3KeyRule::keeps_all() const noexcept {
  return std::ranges::all_of(key_oddities, [this](KeyOddity oddity) { return keeps(oddity) == true; });
}

}  // namespace docupilot::inline v1
