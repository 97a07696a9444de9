#include "terminal.h"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace docupilot_command {

namespace {

/// NO_COLOR and CLICOLOR_FORCE count when they are set to something; "0" turns the second off.
bool environment_says(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool understands_codes() {
  const char* term = std::getenv("TERM");
  return term != nullptr && std::string_view(term) != "dumb";
}

bool wants_colour(bool is_terminal, ColourMode mode) {
  if (mode != ColourMode::automatic) return mode == ColourMode::always;
  if (environment_says("NO_COLOR")) return false;
  if (environment_says("CLICOLOR_FORCE") && std::string_view(std::getenv("CLICOLOR_FORCE")) != "0") return true;
  return is_terminal && understands_codes();
}

}  // namespace

std::size_t Terminal::width() const {
  winsize size{};
  if (is_terminal && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  if (const char* columns = std::getenv("COLUMNS"); columns != nullptr) {
    const long value = std::strtol(columns, nullptr, 10);
    if (value > 0 && value <= 10'000) return static_cast<std::size_t>(value);
  }
  return 80;
}

Terminal look_at_terminal(int descriptor, ColourMode colour) {
  Terminal terminal;
  terminal.descriptor = descriptor;
  terminal.is_terminal = isatty(descriptor) == 1;
  terminal.colour = wants_colour(terminal.is_terminal, colour);
  terminal.redraws = terminal.is_terminal && understands_codes();
  terminal.unicode = std::string_view(nl_langinfo(CODESET)) == "UTF-8";
  return terminal;
}

}  // namespace docupilot_command
