#pragma once

#include <string>
#include <vector>

namespace docupilot_command {

/// One flag as completion and help know it.
struct FlagDescription {
  std::vector<std::string> names;  ///< With their dashes: "-o", "--output".
  std::string text;
  bool takes_value = false;
  bool takes_path = false;           ///< The value names a file or folder.
  std::vector<std::string> choices;  ///< The only values there are; empty: any.
};

struct CommandDescription {
  std::string name;
  std::string text;
  std::vector<FlagDescription> flags;
  std::vector<std::string> choices;  ///< Words that may stand where no flag does; empty: any.
  bool takes_path = false;           ///< Such a word names a file or folder.
};

/// The command as plain data: what it takes before a subcommand, and each subcommand with all that it takes.
struct CommandTree {
  std::vector<FlagDescription> flags;
  std::vector<CommandDescription> commands;
};

[[nodiscard]] std::string bash_completion(const CommandTree& tree);
[[nodiscard]] std::string zsh_completion(const CommandTree& tree);
[[nodiscard]] std::string fish_completion(const CommandTree& tree);

}  // namespace docupilot_command
