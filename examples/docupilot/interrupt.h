#pragma once

#include <stop_token>
#include <thread>

namespace docupilot_command {

/// Turns the first SIGINT or SIGTERM into a stop request; the second ends the program at once with 130. One object a
/// program, made before other threads are. A signal that was ignored from the start, as nohup does, stays ignored.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }
  /// Whether a signal came, not only `stop`.
  [[nodiscard]] bool happened() const;
  /// Asks to stop for another reason, such as nobody reading the output.
  void stop() { stop_.request_stop(); }

 private:
  std::stop_source stop_;
  std::thread watcher_;
};

}  // namespace docupilot_command
