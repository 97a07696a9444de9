#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include <docupilot/base/url.h>
#include <fmt/format.h>

#include "json_line.h"
#include "session.h"
#include "text.h"

namespace docupilot_command {

using docupilot::Config;
using docupilot::Result;

namespace {

constexpr const char* default_library = "./library";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool is_whole_configuration(std::string_view library) { return library.starts_with("config:"); }

void keep(std::string& into, const std::string& from, const char* name, Config& config, const Config& before) {
  if (!into.empty() || from.empty()) return;
  into = from;
  if (const auto origin = before.origin.find(name); origin != before.origin.end()) config.origin[name] = origin->second;
}

struct Role {
  const char* name;
  const std::string& value;
};

}  // namespace

std::string configuration_file(const GlobalArguments& arguments) {
  if (!arguments.config.empty()) return arguments.config;
  if (std::string file = environment("DOCUPILOT_CONFIG"); !file.empty()) return file;
  std::string folder = environment("XDG_CONFIG_HOME");
  if (folder.empty()) {
    folder = environment("HOME");
    if (folder.empty()) return {};
    folder += "/.config";
  }
  return folder + "/docupilot/config.toml";
}

Result<Config> load_configuration(const GlobalArguments& arguments) {
  // The library reads the file named by the environment; a flag takes that name's place in this process.
  const std::string file = configuration_file(arguments);
  const bool is_named = !arguments.config.empty() || !environment("DOCUPILOT_CONFIG").empty();
  if (!file.empty() && (is_named || access(file.c_str(), F_OK) == 0)) setenv("DOCUPILOT_CONFIG", file.c_str(), 1);
  if (!arguments.profile.empty()) setenv("DOCUPILOT_PROFILE", arguments.profile.c_str(), 1);

  Result<Config> config =
      is_whole_configuration(arguments.library) ? Config::from_library(arguments.library) : Config::from_env();
  if (!config) return std::move(config).error();
  if (is_whole_configuration(arguments.library)) return config->resolved();
  if (!arguments.library.empty()) {
    // The flag names the whole library: only what is not kept in one stays.
    Result<Config> named = Config::from_library(arguments.library);
    if (!named) return std::move(named).error();
    keep(named->summary, config->summary, "summary", *named, *config);
    named->read_only = named->read_only || config->read_only;
    named->extract = config->extract;
    named->origin["library"] = "flag --library";
    return named->resolved();
  }
  const bool is_whole = !config->store.empty() && !config->metadata.empty() && !config->search.empty() &&
                        !config->journal.empty() && !config->summary.empty();
  if (config->library.empty() && !is_whole) {
    config->library = default_library;
    config->origin["library"] = "default";
  }
  return config->resolved();
}

int run_config(const Session& session) {
  Output& output = session.output;
  const ConfigArguments& arguments = session.arguments.config;
  const std::string file = configuration_file(session.arguments.global);
  if (arguments.what == "path") {
    const bool is_there = !file.empty() && access(file.c_str(), F_OK) == 0;
    if (output.json()) {
      output.line(JsonLine().text("path", file).boolean("exists", is_there).str());
    } else {
      output.line(escaped(file));
      if (!is_there) output.note("docupilot: there is no such file; built-in settings are used");
    }
    return exit_ok;
  }

  const Result<Config> loaded = load_configuration(session.arguments.global);
  if (!loaded) return session.fail(loaded.error());
  const Config& config = *loaded;
  const Role roles[] = {{"library", config.library}, {"store", config.store},     {"metadata", config.metadata},
                        {"search", config.search},   {"summary", config.summary}, {"journal", config.journal}};
  const auto origin_of = [&](const char* name) {
    const auto found = config.origin.find(name);
    return found == config.origin.end() ? std::string("default") : found->second;
  };
  if (output.json()) {
    JsonLine line;
    JsonLine origins;
    for (const Role& role : roles) {
      line.text(role.name, docupilot::BackendUrl::redacted(role.value));
      origins.text(role.name, origin_of(role.name));
    }
    line.boolean("read_only", config.read_only).text("pdftotext", config.extract.pdftotext);
    origins.text("read_only", origin_of("read_only"));
    if (arguments.origin) line.raw("origin", origins.str());
    output.line(line.str());
    return exit_ok;
  }
  const auto show = [&](const char* name, const std::string& value) {
    std::string line = padded(std::string(name), 11) + escaped(value);
    if (arguments.origin) line = padded(line, 56) + "  " + output.styled(escaped(origin_of(name)), "2");
    output.line(line);
  };
  for (const Role& role : roles) {
    if (!role.value.empty()) show(role.name, docupilot::BackendUrl::redacted(role.value));
  }
  show("read_only", config.read_only ? "true" : "false");
  show("pdftotext", config.extract.pdftotext);
  return exit_ok;
}

}  // namespace docupilot_command
