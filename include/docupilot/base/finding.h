#pragma once

#include <string>

namespace docupilot::inline v1 {

/// One thing that was looked at.
struct Finding {
  enum class Level { ok, warning, problem };
  Level level = Level::ok;
  std::string component;  ///< "store", "metadata", "search", "summary", "journal", "extract", "system".
  std::string message;
  std::string hint;  ///< What to do; empty when all is well.
};

}  // namespace docupilot::inline v1
