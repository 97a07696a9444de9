#pragma once

#include <memory>
#include <string>

#include <docupilot/upload/uploader.h>

#include "objects.h"
#include "session.h"

namespace docupilot_command {

/// Where uploads under way are remembered: the file that was asked for, else one in the user's state folder (XDG Base
/// Directory Specification), which is made. Empty, and said so, when there can be none.
[[nodiscard]] std::string upload_journal(const Session& session, const std::string& asked_for);

}  // namespace docupilot_command
