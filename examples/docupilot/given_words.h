#pragma once

#include <string>
#include <vector>

namespace docupilot_command {

/// The words of the command line in CLI11's order, the last one first. It takes a word like "[a,b]" for a list, and
/// forgets about "--" once it has the words that it must have: so "--" is handled here, and words that it would misread
/// go through it with a mark in front, which `as_given` takes away again.
[[nodiscard]] std::vector<std::string> guarded(int argc, const char* const* argv);
[[nodiscard]] std::string as_given(std::string word);
/// The number of bytes that a word such as "64MiB" stands for; throws CLI::ValidationError for what is no size.
[[nodiscard]] std::string bytes_as_given(const std::string& word);

}  // namespace docupilot_command
