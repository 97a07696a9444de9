#include <docupilot/config.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <docupilot/base/url.h>
#include <toml++/toml.h>

#include "base/try.h"

namespace docupilot::inline v1 {

namespace {

namespace fs = std::filesystem;

struct TextKey {
  std::string_view name;
  std::string Config::* member;
  bool is_url;
};
constexpr std::array<TextKey, 6> text_keys = {{{"library", &Config::library, false},
                                               {"store", &Config::store, true},
                                               {"metadata", &Config::metadata, true},
                                               {"search", &Config::search, true},
                                               {"summary", &Config::summary, true},
                                               {"journal", &Config::journal, true}}};

// Percent-encodes what would end a path or begin an escape in a URL.
std::string encoded(std::string_view path) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string text;
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') text += {'%', digits[c >> 4], digits[c & 15]};
    else text += c;
  }
  return text;
}

std::string url_of(std::string_view scheme, const fs::path& path) {
  const std::string text = encoded(path.string());
  return std::string(scheme) + ':' + (text.starts_with("//") ? "/." : "") + text;  // two slashes would name a host
}

// A relative path in a configuration file is meant from where the file is.
std::string anchored(const std::string& value, bool is_url, const fs::path& folder) {
  if (!is_url) return (folder / value).lexically_normal().string();
  const std::size_t colon = value.find(':');
  const std::string_view scheme = std::string_view(value).substr(0, std::min(colon, value.size()));
  if (scheme != "file" && scheme != "sqlite") return value;
  const std::string path = value.substr(colon + 1);
  if (path.empty() || path.starts_with('/')) return value;
  return std::string(scheme) + ':' + (encoded(folder.string()) / fs::path(path)).lexically_normal().string();
}

Error config_error(const std::string& file, std::string what) {
  return Error(ErrorCode::invalid_argument, std::move(what)).operation("read configuration").target(file);
}

std::string line_of(const toml::node& node) { return " (line " + std::to_string(node.source().begin.line) + ")"; }

Result<void> take_table(const toml::table& table, const std::string& file, const fs::path& folder,
                        const std::string& from, bool is_top, Config& config) {
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const auto expected = [&](const char* type) {
      return config_error(file, "'" + name + "' must be " + type + line_of(node));
    };
    const auto text_key = std::ranges::find(text_keys, name, &TextKey::name);
    if (text_key != text_keys.end()) {
      const auto text = node.value_exact<std::string>();
      if (!text) return expected("a string");
      config.*text_key->member = anchored(*text, text_key->is_url, folder);
    } else if (name == "read_only") {
      const auto flag = node.value_exact<bool>();
      if (!flag) return expected("true or false");
      config.read_only = *flag;
    } else if (name == "pdftotext") {
      const auto text = node.value_exact<std::string>();
      if (!text) return expected("a string");
      config.extract.pdftotext = *text;
    } else if (is_top && name == "profiles") {
      if (!node.is_table()) return expected("a table");
      continue;
    } else {
      return config_error(file, "there is no setting '" + name + "'" + line_of(node))
          .hint(
              "settings: library, store, metadata, search, summary, journal, read_only, pdftotext; profiles stand "
              "under [profiles.NAME]");
    }
    config.origin[name] = from;
  }
  return {};
}

}  // namespace

Config Config::embedded(std::string folder) {
  Config config{.library = std::move(folder)};
  config.origin["library"] = "code";
  return config;
}

Config Config::in_memory() {
  return {
      .store = "memory:", .metadata = "memory:", .search = "memory:", .summary = "extractive:", .journal = "memory:"};
}

Result<Config> Config::from_library(std::string_view name) {
  if (name == "memory:") return in_memory();
  if (name.starts_with("config:")) {
    const std::string_view rest = name.substr(7);
    const std::size_t mark = rest.rfind('#');
    if (mark == std::string_view::npos) return from_file(std::string(rest));
    return from_file(std::string(rest.substr(0, mark)), rest.substr(mark + 1));
  }
  if (name.starts_with("file:")) {
    DOCUPILOT_TRY(const BackendUrl url, BackendUrl::parse(name));
    if (url.authority.empty() && url.parameters.empty() && !url.path.empty()) return embedded(url.path);
  } else if (!name.empty() && name.find('\0') == std::string_view::npos && name.find("://") == std::string_view::npos) {
    return embedded(std::string(name));
  }
  return Error(ErrorCode::invalid_argument, "this does not name a library")
      .operation("open")
      .target(BackendUrl::redacted(name))
      .hint("name a folder, file:FOLDER, memory: or config:FILE#PROFILE");
}

Result<Config> Config::from_file(const std::string& path, std::string_view profile) {
  std::error_code error;
  const bool regular = fs::is_regular_file(path, error);  // asked first: opening a FIFO would wait
  std::ifstream in;
  if (regular) in.open(path, std::ios::binary);
  if (!regular || !in) {
    return Error(ErrorCode::not_found, "this configuration file cannot be read")
        .operation("read configuration")
        .target(path)
        .hint("check the path, or make the file; the guide shows one");
  }
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  toml::table root;
  try {
    root = toml::parse(text, path);
  } catch (const toml::parse_error& e) {
    return config_error(path, std::string(e.description()) + " (line " + std::to_string(e.source().begin.line) + ")")
        .hint("the file must be TOML: name = \"value\"");
  }
  const fs::path folder = fs::path(path).parent_path();
  Config config;
  DOCUPILOT_CHECK(take_table(root, path, folder, path, true, config));
  const toml::table* profiles = root["profiles"].as_table();
  const toml::table* chosen = profiles == nullptr ? nullptr : (*profiles)[profile].as_table();
  if (chosen != nullptr) {
    DOCUPILOT_CHECK(take_table(*chosen, path, folder, path + " [" + std::string(profile) + "]", false, config));
  } else if (profile != "default") {
    std::string known;
    if (profiles != nullptr) {
      for (const auto& [name, table] : *profiles) known += (known.empty() ? "" : ", ") + std::string(name.str());
    }
    return Error(ErrorCode::not_found, "there is no profile '" + std::string(profile) + "'")
        .operation("read configuration")
        .target(path)
        .hint(known.empty() ? "the file has no profiles" : "profiles: " + known);
  }
  return config;
}

Result<Config> Config::from_env() {
  const auto variable = [](const std::string& name) -> const char* {
    const char* value = std::getenv(name.c_str());
    return value == nullptr || *value == '\0' ? nullptr : value;
  };
  Config config;
  if (const char* file = variable("DOCUPILOT_CONFIG")) {
    const char* profile = variable("DOCUPILOT_PROFILE");
    DOCUPILOT_TRY(config, from_file(file, profile == nullptr ? "default" : profile));
  }
  if (const char* library = variable("DOCUPILOT_LIBRARY")) {
    DOCUPILOT_TRY(const Config named, from_library(library));
    for (const TextKey& key : text_keys) {
      if (!(named.*key.member).empty()) config.*key.member = named.*key.member;
    }
    if (std::string_view(library).starts_with("config:")) {
      config.read_only = named.read_only;
      config.extract = named.extract;
    }
    config.origin["library"] = "environment DOCUPILOT_LIBRARY";
  }
  for (const TextKey& key : text_keys) {
    std::string name = "DOCUPILOT_";
    for (const char c : key.name) name += static_cast<char>(c & ~0x20);
    const char* value = key.is_url ? variable(name) : nullptr;
    if (value == nullptr) continue;
    config.*key.member = value;
    config.origin[std::string(key.name)] = "environment " + name;
  }
  if (const char* flag = variable("DOCUPILOT_READ_ONLY")) {
    const std::string_view text = flag;
    if (text != "0" && text != "1" && text != "true" && text != "false") {
      return config_error("DOCUPILOT_READ_ONLY", "this must be true or false");
    }
    config.read_only = text == "1" || text == "true";
    config.origin["read_only"] = "environment DOCUPILOT_READ_ONLY";
  }
  if (const char* program = variable("DOCUPILOT_PDFTOTEXT")) {
    config.extract.pdftotext = program;
    config.origin["pdftotext"] = "environment DOCUPILOT_PDFTOTEXT";
  }
  return config;
}

Result<Config> Config::resolved() const {
  Config config = *this;
  const fs::path folder = library;
  const std::array<std::pair<std::string_view, std::string>, 5> defaults = {{
      {"store", url_of("file", folder / "objects")},
      {"metadata", url_of("sqlite", folder / "docupilot.db")},
      {"search", url_of("sqlite", folder / "search.db")},
      {"summary", "extractive:"},
      {"journal", url_of("sqlite", folder / "journal.db")},
  }};
  for (const auto& [name, url] : defaults) {
    std::string& value = config.*std::ranges::find(text_keys, name, &TextKey::name)->member;
    if (!value.empty()) {
      config.origin.try_emplace(std::string(name), "code");
      continue;
    }
    if (library.empty() && name != "summary") {
      return Error(ErrorCode::invalid_argument, "neither a library nor a " + std::string(name) + " is named")
          .operation("open")
          .hint("name a library folder, or every role");
    }
    value = url;
    config.origin[std::string(name)] = "default";
  }
  return config;
}

}  // namespace docupilot::inline v1
