#include "output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "json_line.h"
#include "text.h"

namespace docupilot_command {

namespace {

constexpr std::size_t buffer_size = 64 * 1024;
constexpr std::string_view begin_progress_codes = "\x1b[?25l";        // hide the cursor
constexpr std::string_view end_progress_codes = "\r\x1b[K\x1b[?25h";  // clear the line, show the cursor

std::atomic<bool> cursor_hidden = false;

int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd waiting{descriptor, POLLOUT, 0};
      poll(&waiting, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

std::string painted(std::string_view text, const char* style, bool colour) {
  return colour ? fmt::format("\x1b[{}m{}\x1b[0m", style, text) : std::string(text);
}

/// The message and those of its causes.
std::string in_full(const docupilot::Error& error) {
  std::string text = escaped(error.message());
  std::string_view above = error.message();
  for (const docupilot::Error* cause = error.cause(); cause != nullptr; cause = cause->cause()) {
    if (cause->message() != above) text += ": " + escaped(cause->message());  // attempts often fail alike
    above = cause->message();
  }
  return text;
}

}  // namespace

Output::Output(const GlobalArguments& arguments)
    : json_(arguments.json),
      quiet_(arguments.quiet),
      verbose_(arguments.verbose),
      out_(look_at_terminal(STDOUT_FILENO, arguments.colour)),
      err_(look_at_terminal(STDERR_FILENO, arguments.colour)) {}

Output::~Output() {
  end_progress();
  flush();
}

std::string Output::styled(std::string_view text, const char* style) const { return painted(text, style, out_.colour); }
std::string Output::styled_error(std::string_view text, const char* style) const {
  return painted(text, style, err_.colour);
}

void Output::write_out(std::string_view text) {
  if (broken_pipe_ || write_error_ != 0) return;
  pending_ += text;
  if (out_.is_terminal || pending_.size() >= buffer_size) flush_locked();
}

void Output::flush_locked() {
  if (pending_.empty()) return;
  const bool shown = shown_ && out_.is_terminal;
  if (shown) hide_progress();
  const int error = write_all(STDOUT_FILENO, pending_);
  if (error == EPIPE) broken_pipe_ = true;
  else if (error != 0) write_error_ = error;
  pending_.clear();
  if (shown) show_progress();
}

void Output::write_err(std::string_view text) {
  flush_locked();  // what was said first is seen first
  const bool shown = shown_;
  if (shown) hide_progress();
  (void)write_all(STDERR_FILENO, text);
  if (shown) show_progress();
}

void Output::line(std::string_view text) {
  const std::lock_guard lock(mutex_);
  write_out(std::string(text) + '\n');
}

void Output::bytes(docupilot::ByteView bytes) {
  const std::lock_guard lock(mutex_);
  write_out(docupilot::as_text(bytes));
}

void Output::complaint(std::string_view text) {
  const std::lock_guard lock(mutex_);
  write_err(std::string(text) + '\n');
}

void Output::note(std::string_view text) {
  if (!quiet_) complaint(text);
}

void Output::error(const docupilot::Error& error, std::string_view about, bool json_line) {
  if (json_ && json_line) line(JsonLine().raw("error", error_json(error)).str());
  std::string text = styled_error("docupilot:", "1;31") + ' ';
  if (verbose_) {
    if (!about.empty()) text += fmt::format("'{}': ", escaped(about));
    complaint(text + escaped(error.to_string()));
    return;
  }
  const std::string target = about.empty() ? error.target() : escaped(about);
  if (!target.empty()) text += fmt::format("'{}': ", target);
  text += in_full(error);
  if (!error.hint().empty()) text += "\n  " + styled_error("hint:", "36") + ' ' + escaped(error.hint());
  complaint(text);
}

void Output::warning(const docupilot::Error& error, std::string_view text) {
  if (quiet_) return;
  std::string all = fmt::format("{} {}: {}", styled_error("docupilot: warning:", "1;33"), text,
                                verbose_ ? escaped(error.to_string()) : in_full(error));
  if (!verbose_ && !error.hint().empty()) all += "\n  " + styled_error("hint:", "36") + ' ' + escaped(error.hint());
  complaint(all);
}

void Output::progress(std::string line) {
  const std::lock_guard lock(mutex_);
  flush_locked();
  std::string text;
  if (!shown_) text += begin_progress_codes;
  text += '\r' + line + "\x1b[K";
  progress_ = std::move(line);
  shown_ = true;
  cursor_hidden = true;
  (void)write_all(STDERR_FILENO, text);
}

void Output::end_progress() {
  const std::lock_guard lock(mutex_);
  if (!shown_) return;
  (void)write_all(STDERR_FILENO, end_progress_codes);
  shown_ = false;
  cursor_hidden = false;
}

void Output::hide_progress() { (void)write_all(STDERR_FILENO, "\r\x1b[K"); }
void Output::show_progress() { (void)write_all(STDERR_FILENO, '\r' + progress_ + "\x1b[K"); }

std::string_view Output::mend_terminal() noexcept { return cursor_hidden ? end_progress_codes : std::string_view(); }

void Output::flush() {
  const std::lock_guard lock(mutex_);
  flush_locked();
}

}  // namespace docupilot_command
