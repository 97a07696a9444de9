#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>

#include <docupilot/base/bytes.h>
#include <docupilot/base/error.h>

#include "arguments.h"
#include "terminal.h"

namespace docupilot_command {

/// Everything that this program says. Results go to standard output; notes, errors and progress to standard error.
/// Calls may come from any thread; the progress line is taken away before anything else is written to a terminal.
class Output {
 public:
  explicit Output(const GlobalArguments& arguments);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  [[nodiscard]] bool json() const { return json_; }
  [[nodiscard]] bool quiet() const { return quiet_; }
  [[nodiscard]] bool verbose() const { return verbose_; }
  [[nodiscard]] const Terminal& out() const { return out_; }
  [[nodiscard]] const Terminal& err() const { return err_; }

  /// A line of the result.
  void line(std::string_view text);
  /// Bytes of a result, as they are.
  void bytes(docupilot::ByteView bytes);
  /// A line for people that is no result; nothing when quiet.
  void note(std::string_view text);
  /// A line on standard error, whatever was asked for.
  void complaint(std::string_view text);
  /// "docupilot: 'about': message" and the hint on a second line; with --verbose all that is known. In JSON mode also
  /// {"error":{...}} on standard output, unless the caller writes a line of its own.
  void error(const docupilot::Error& error, std::string_view about = {}, bool json_line = true);
  void warning(const docupilot::Error& error, std::string_view text);

  /// Shows a line that is replaced by the next; it must be narrower than the terminal.
  void progress(std::string line);
  void end_progress();
  /// What a signal handler writes to leave the terminal as it was; empty when there is nothing to mend.
  [[nodiscard]] static std::string_view mend_terminal() noexcept;

  void flush();
  /// The reader of standard output went away.
  [[nodiscard]] bool broken_pipe() const { return broken_pipe_; }
  /// Standard output could not be written; the errno, else 0.
  [[nodiscard]] int write_error() const { return write_error_; }

  /// `text` in an ANSI style such as "1" (bold) when the stream has colour.
  [[nodiscard]] std::string styled(std::string_view text, const char* style) const;
  [[nodiscard]] std::string styled_error(std::string_view text, const char* style) const;

 private:
  void write_out(std::string_view text);
  void write_err(std::string_view text);
  void flush_locked();
  void hide_progress();
  void show_progress();

  const bool json_;
  const bool quiet_;
  const bool verbose_;
  const Terminal out_;
  const Terminal err_;
  std::mutex mutex_;
  std::string pending_;   // of standard output
  std::string progress_;  // what is shown now
  bool shown_ = false;
  std::atomic<bool> broken_pipe_ = false;
  std::atomic<int> write_error_ = 0;
};

}  // namespace docupilot_command
