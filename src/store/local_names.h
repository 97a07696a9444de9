#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace docupilot::inline v1 {

/// File names under the root, outermost first; the rules are docs/formats/object-folder.md.
using LocalNames = std::vector<std::string>;

/// The names for a key under the folder `tree`: that folder, the folders in it and, last, the file. Two keys never
/// share a file, and no key needs a file where another needs a folder.
[[nodiscard]] LocalNames names_of_key(std::string_view tree, std::string_view key);

/// What a name in an object tree stands for.
struct LocalEntry {
  enum class Kind {
    object,     ///< A file: `text` ends a key.
    folder,     ///< Keys that go on with `/` behind `text`.
    long_name,  ///< A folder too: keys that go on right behind `text`, whose component is too long for one name.
  };
  Kind kind = Kind::object;
  std::string text;

  /// What every key below begins with, from this folder on. Sorted by it, the entries of a folder give keys in order
  /// and no entry's keys lie between those of another.
  [[nodiscard]] std::string beginning() const { return kind == Kind::folder ? text + '/' : text; }
};

/// The reverse of one step of names_of_key; nothing for a name that no key leads to, such as a hidden file.
[[nodiscard]] std::optional<LocalEntry> entry_of_name(std::string_view name, bool is_folder);

}  // namespace docupilot::inline v1
