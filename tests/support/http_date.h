#pragma once

#include <ctime>
#include <string>

#include <docupilot/base/time.h>

namespace docupilot_test {

/// A moment as the header Date gives it, in whole seconds: "Sun, 15 Jun 2025 15:06:40 GMT".
inline std::string http_date(docupilot::Timestamp time) {
  const auto seconds = static_cast<std::time_t>(time.microseconds / 1'000'000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::string text(64, '\0');
  text.resize(std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
  return text;
}

}  // namespace docupilot_test
