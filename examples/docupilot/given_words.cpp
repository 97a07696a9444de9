#include "given_words.h"

#include <algorithm>
#include <utility>

#include <CLI/CLI.hpp>

#include "text.h"

namespace docupilot_command {

namespace {

constexpr char guard = '\x01';

}  // namespace

std::string as_given(std::string word) {
  if (word.starts_with(guard)) word.erase(0, 1);
  return word;
}

std::vector<std::string> guarded(int argc, const char* const* argv) {
  std::vector<std::string> words;
  bool only_words = false;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--" && !only_words) {
      only_words = true;
      continue;
    }
    if (word.starts_with('[') || word.starts_with(guard) || (only_words && word.starts_with('-'))) {
      word.insert(0, 1, guard);
    }
    words.push_back(std::move(word));
  }
  std::ranges::reverse(words);  // CLI11 takes them from the back
  return words;
}

std::string bytes_as_given(const std::string& word) {
  if (const auto bytes = parse_size(word)) return std::to_string(*bytes);
  throw CLI::ValidationError("'" + as_given(word) + "' is no size: write it as 67108864, 64MiB or 1.5GiB");
}

}  // namespace docupilot_command
