#pragma once

#include <docupilot/base/cancel.h>
#include <docupilot/base/stream.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace docupilot::inline v1 {

/// A program to run, and what it may use.
struct ChildCommand {
  std::string program = {};                 ///< Path.
  std::vector<std::string> arguments = {};  ///< Without the program's name.
  Duration time = {};                       ///< Running time; waiting for the input does not count.
  std::uint64_t memory = 0;                 ///< Address space, in bytes.
  std::uint64_t output = 0;                 ///< Bytes of its output to take; it is ended when there are more.
  std::string_view operation = "extract";   ///< For errors.
  /// The user chose the program and its input: it sees the whole environment and may write files. Default: next to no
  /// environment and no files, for a program that reads what a stranger wrote.
  bool trusted = false;
};

struct ChildResult {
  std::string output = {};
  std::string complaints = {};  ///< The front of its error output, 4 KiB at the most.
  std::string input_tail = {};  ///< The last 1 KiB of what it could have read.
  int exit_code = -1;           ///< -1: a signal ended it, or the host collects its children itself.
  int signal = 0;
  bool output_full = false;  ///< There was more output, and it was ended.
};

/// The path of `program`, looked up in PATH unless it has a slash; "" when there is no such program.
[[nodiscard]] std::string find_program(const std::string& program);

/// Runs a program with `input` as its standard input, in a process group of its own and without any other descriptor.
/// Starts no thread, changes no signal handler, and never leaves a process behind.
/// Errors: timeout past `time` or the deadline, cancelled, those of `input`, exhausted and unsupported when it cannot
/// start.
[[nodiscard]] Result<ChildResult> run_child(const ChildCommand& command, Reader& input, const Context& context);

}  // namespace docupilot::inline v1
