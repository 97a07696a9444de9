#include <algorithm>

#include <fmt/format.h>

#include "command_tree.h"
#include "text.h"

namespace docupilot_command {

namespace {

std::string joined(const std::vector<std::string>& words, std::string_view between = " ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : std::string(between)) + word;
  return text;
}

std::vector<std::string> names_of(const std::vector<FlagDescription>& flags) {
  std::vector<std::string> names;
  for (const FlagDescription& flag : flags) names.insert(names.end(), flag.names.begin(), flag.names.end());
  return names;
}

/// Flags before which a value is expected, as a pattern of bash's `case`.
std::string value_pattern(const std::vector<FlagDescription>& flags) {
  std::vector<std::string> names;
  for (const FlagDescription& flag : flags) {
    if (flag.takes_value) names.insert(names.end(), flag.names.begin(), flag.names.end());
  }
  return joined(names, "|");
}

std::vector<FlagDescription> all_flags(const CommandTree& tree) {
  std::vector<FlagDescription> all = tree.flags;
  for (const CommandDescription& command : tree.commands) {
    all.insert(all.end(), command.flags.begin(), command.flags.end());
  }
  return all;
}

std::string bash_values(const std::vector<FlagDescription>& flags, std::string_view prefix) {
  std::string text;
  for (const FlagDescription& flag : flags) {
    if (!flag.takes_value) continue;
    std::vector<std::string> patterns;
    for (const std::string& name : flag.names) patterns.push_back(std::string(prefix) + name);
    const std::string what = !flag.choices.empty()
                                 ? fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", joined(flag.choices))
                             : flag.takes_path ? "_docupilot_files \"$word\""
                                               : ":";
    text += fmt::format("    {}) {}; return ;;\n", joined(patterns, "|"), what);
  }
  return text;
}

/// For the single quotes of zsh's _arguments, where [ ] and : have a meaning too.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string zsh_action(const std::vector<std::string>& choices, bool takes_path) {
  return !choices.empty() ? "(" + joined(choices) + ")" : takes_path ? "_files" : " ";
}

std::string zsh_flags(const std::vector<FlagDescription>& flags) {
  std::string text;
  for (const FlagDescription& flag : flags) {
    for (const std::string& name : flag.names) {
      const bool is_long = name.starts_with("--");
      text += fmt::format("    '*{}{}[{}]{}'\n", name, flag.takes_value && is_long ? "=" : "", zsh_text(flag.text),
                          flag.takes_value ? ":value:" + zsh_action(flag.choices, flag.takes_path) : "");
    }
  }
  return text;
}

std::string fish_flag(const FlagDescription& flag, std::string_view condition) {
  std::string text = fmt::format("complete -c docupilot -n '{}'", condition);
  for (const std::string& name : flag.names) {
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (flag.takes_value) text += flag.takes_path ? " -r -F" : " -x";
  if (!flag.choices.empty()) text += fmt::format(" -a '{}'", joined(flag.choices));
  return text + fmt::format(" -d {}\n", shell_quoted(flag.text));
}

}  // namespace

std::string bash_completion(const CommandTree& tree) {
  std::vector<std::string> commands;
  for (const CommandDescription& command : tree.commands) commands.push_back(command.name);
  std::string text =
      "# Completion of docupilot for bash; source it, or put it where bash-completion looks.\n"
      "_docupilot_files() {\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  local IFS=$'\\n'\n"
      "  COMPREPLY=($(compgen -f -- \"$1\"))\n"
      "}\n"
      "_docupilot() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before='' command='' i flags=''\n"
      "  COMPREPLY=()\n"
      "  [ \"$COMP_CWORD\" -gt 0 ] && before=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  # --flag=value comes as three words\n"
      "  if [ \"$word\" = '=' ]; then word=''; elif [ \"$before\" = '=' ] && [ \"$COMP_CWORD\" -gt 1 ]; then\n"
      "    before=${COMP_WORDS[COMP_CWORD-2]}\n"
      "  fi\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${COMP_WORDS[i]} in\n";
  text += fmt::format("      {}) ((i++)); [ \"${{COMP_WORDS[i]}}\" = '=' ] && ((i++)) ;;\n",
                      value_pattern(all_flags(tree)));
  text +=
      "      -*) ;;\n"
      "      *) command=${COMP_WORDS[i]}; break ;;\n"
      "    esac\n"
      "  done\n"
      "  case $command:$before in\n";
  for (const CommandDescription& command : tree.commands) text += bash_values(command.flags, command.name + ":");
  text += bash_values(tree.flags, "*:");
  text +=
      "  esac\n"
      "  case $command in\n";
  text += fmt::format(
      "    '') flags='{}'; [[ $word == -* ]] || {{ COMPREPLY=($(compgen -W '{}' -- \"$word\")); return; }} ;;\n",
      joined(names_of(tree.flags)), joined(commands));
  for (const CommandDescription& command : tree.commands) {
    const std::string words = !command.choices.empty()
                                  ? fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", joined(command.choices))
                              : command.takes_path ? std::string("_docupilot_files \"$word\"")
                                                   : std::string(":");
    text += fmt::format("    {}) flags='{} {}'; [[ $word == -* ]] || {{ {}; return; }} ;;\n", command.name,
                        joined(names_of(command.flags)), joined(names_of(tree.flags)), words);
  }
  return text +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n"
         "}\n"
         "complete -F _docupilot docupilot\n";
}

std::string zsh_completion(const CommandTree& tree) {
  std::string text =
      "#compdef docupilot\n"
      "# Completion of docupilot for zsh; put it as _docupilot into a folder of $fpath.\n"
      "_docupilot() {\n"
      "  local curcontext=\"$curcontext\" state line\n"
      "  typeset -A opt_args\n"
      "  local -a global=(\n" +
      zsh_flags(tree.flags) +
      "  )\n"
      "  _arguments -C $global '1: :->command' '*::: :->rest'\n"
      "  case $state in\n"
      "  command)\n"
      "    local -a commands=(\n";
  for (const CommandDescription& command : tree.commands) {
    text += fmt::format("      '{}:{}'\n", command.name, zsh_text(command.text));
  }
  text +=
      "    )\n"
      "    _describe 'subcommand' commands ;;\n"
      "  rest)\n"
      "    words=($line[1] \"${words[@]}\")\n"
      "    (( CURRENT += 1 ))\n"
      "    case $line[1] in\n";
  for (const CommandDescription& command : tree.commands) {
    text += fmt::format("    {})\n      _arguments $global \\\n", command.name);
    std::string flags = zsh_flags(command.flags);
    for (std::size_t at = 0; (at = flags.find('\n', at)) != std::string::npos; at += 3) flags.replace(at, 1, " \\\n");
    text += flags + fmt::format("    '*:argument:{}' ;;\n", zsh_action(command.choices, command.takes_path));
  }
  return text +
         "    esac ;;\n"
         "  esac\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _docupilot ]; then _docupilot \"$@\"; else compdef _docupilot docupilot; fi\n";
}

std::string fish_completion(const CommandTree& tree) {
  std::string text =
      "# Completion of docupilot for fish; put it into ~/.config/fish/completions.\n"
      "complete -c docupilot -f\n";
  for (const CommandDescription& command : tree.commands) {
    text += fmt::format("complete -c docupilot -n __fish_use_subcommand -a {} -d {}\n", command.name,
                        shell_quoted(command.text));
  }
  for (const FlagDescription& flag : tree.flags) text += fish_flag(flag, "true");
  for (const CommandDescription& command : tree.commands) {
    const std::string condition = "__fish_seen_subcommand_from " + command.name;
    for (const FlagDescription& flag : command.flags) {
      if (flag.names.back() != "--help") text += fish_flag(flag, condition);
    }
    if (!command.choices.empty()) {
      text += fmt::format("complete -c docupilot -n '{}' -a '{}'\n", condition, joined(command.choices));
    } else if (command.takes_path) {
      text += fmt::format("complete -c docupilot -n '{}' -F\n", condition);
    }
  }
  return text;
}

}  // namespace docupilot_command
