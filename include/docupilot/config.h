#pragma once

#include <map>
#include <string>
#include <string_view>

#include <docupilot/base/result.h>
#include <docupilot/extract/extractor.h>

namespace docupilot::inline v1 {

/// Where each role lives, each named by a URL. A plain value, made in code, read from a TOML file or taken from the
/// environment; nothing is opened until a Client uses it.
///
///     Config config = Config::embedded("./library");   // files, SQLite, offline summaries: nothing to install
///     config.store = "s3://documents?region=eu-central-1";
///
/// Roles left empty live in the library folder: file:LIBRARY/objects, sqlite:LIBRARY/docupilot.db,
/// sqlite:LIBRARY/search.db, extractive: and sqlite:LIBRARY/journal.db.
struct DOCUPILOT_EXPORT Config {
  std::string library = {};  ///< Folder. Empty: every role must be named.
  std::string store = {};    ///< Object store.
  std::string metadata = {};
  std::string search = {};
  std::string summary = {};
  std::string journal = {};  ///< What is under way: sqlite: or memory:.
  bool read_only = false;    ///< Calls that would write fail with permission_denied.
  ExtractOptions extract = {};
  /// Where each value came from, by the member's name: "code", "FILE [PROFILE]", "environment NAME", "default".
  std::map<std::string, std::string> origin = {};

  /// Everything in one folder, made on first use.
  [[nodiscard]] static Config embedded(std::string folder);
  /// Everything in memory, gone with the Client.
  [[nodiscard]] static Config in_memory();
  /// A library named in one word: a folder, "file:FOLDER", "memory:", or "config:FILE" and "config:FILE#PROFILE".
  [[nodiscard]] static Result<Config> from_library(std::string_view name);
  /// From a TOML 1.0 file: keys at the top hold for all profiles, those under [profiles.NAME] for one of them. Relative
  /// paths are relative to the file. Keys: those of this struct; docs/guide/configuration.md shows a whole one.
  /// Errors: not_found for the file or the profile; invalid_argument with the line for bad syntax or unknown keys.
  [[nodiscard]] static Result<Config> from_file(const std::string& path, std::string_view profile = "default");
  /// From DOCUPILOT_CONFIG and DOCUPILOT_PROFILE (a file), then DOCUPILOT_LIBRARY, DOCUPILOT_STORE, DOCUPILOT_METADATA,
  /// DOCUPILOT_SEARCH, DOCUPILOT_SUMMARY, DOCUPILOT_JOURNAL, DOCUPILOT_READ_ONLY and DOCUPILOT_PDFTOTEXT, which win.
  /// The only place of this library that reads these variables.
  [[nodiscard]] static Result<Config> from_env();

  /// The configuration with every empty role filled in. Errors: invalid_argument when one cannot be.
  [[nodiscard]] Result<Config> resolved() const;
};

}  // namespace docupilot::inline v1
