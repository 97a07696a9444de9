#pragma once

#include <docupilot/store/object_store.h>

namespace docupilot::inline v1 {

/// Turns keys offered in order into one page: keeps to the prefix, folds at the delimiter, stops at the limit. A page
/// token is the last key or prefix of its page, so pages stay right while objects come and go.
class PageBuilder {
 public:
  /// The options are checked already and outlive this object.
  explicit PageBuilder(const ListOptions& options);

  /// Keys below this need not be offered. Grows when keys are folded: skip to it.
  [[nodiscard]] const std::string& from() const noexcept { return from_; }

  enum class Step {
    take,  ///< Give it to `add`.
    skip,  ///< It was folded or is below `from()`.
    stop,  ///< The page is complete.
  };
  [[nodiscard]] Step offer(const std::string& key);
  void add(ObjectInfo info);
  [[nodiscard]] ObjectPage finish() &&;

 private:
  const ListOptions& options_;
  std::string from_;
  std::string last_;
  ObjectPage page_;
};

}  // namespace docupilot::inline v1
