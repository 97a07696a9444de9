#pragma once

#include <string_view>

#include <docupilot/base/cancel.h>

namespace docupilot::inline v1::http {

/// Time that passes, apart from the calendar: waiting, and how long something took. Tests give their own, in which
/// hours pass at once. May be called from any thread.
class Sleeper {
 public:
  virtual ~Sleeper();
  /// The steady clock: only differences mean something.
  [[nodiscard]] virtual Duration now() = 0;
  /// What is left until `deadline` on this clock, never negative.
  [[nodiscard]] virtual Duration remaining(const Deadline& deadline) = 0;
  /// Waits for `length`. Errors: cancelled and timeout, naming `operation`, as soon as the context says so.
  [[nodiscard]] virtual Result<void> sleep(Duration length, const Context& context, std::string_view operation) = 0;
  /// The operating system's; lives as long as the program.
  [[nodiscard]] static Sleeper& system() noexcept;
};

}  // namespace docupilot::inline v1::http
