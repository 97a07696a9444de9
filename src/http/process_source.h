#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/credential_source.h"

namespace docupilot::inline v1::http {

/// A command line as a POSIX shell would split it (quotes and backslashes; nothing is expanded). Nothing when a quote
/// is not closed.
[[nodiscard]] std::optional<std::vector<std::string>> split_command(std::string_view line);

/// The credential_process of a profile: starts the program, without a shell and for at most 10 s, and reads what it
/// prints. `profile` is for errors. What it prints goes nowhere else; of its complaints the error shows the first line.
[[nodiscard]] Result<FetchedCredentials> run_credential_process(std::string_view profile, std::string_view line,
                                                                const Context& context);

}  // namespace docupilot::inline v1::http
