#pragma once

#include <cstddef>

#include "arguments.h"

namespace docupilot_command {

/// What can be shown at one end of the program.
struct Terminal {
  bool is_terminal = false;
  bool colour = false;   ///< ANSI colours may be written.
  bool unicode = false;  ///< Characters beyond ASCII are understood.
  bool redraws = false;  ///< A line can be written over.

  /// Columns now: the window may have changed. 80 when nothing tells.
  [[nodiscard]] std::size_t width() const;

  int descriptor = 1;
};

/// Colour when asked for; else unless NO_COLOR is set, on terminals, or anywhere with CLICOLOR_FORCE.
[[nodiscard]] Terminal look_at_terminal(int descriptor, ColourMode colour);

}  // namespace docupilot_command
