#include "http/profile_file.h"

#include <optional>

#include "base/try.h"
#include "base/utf8.h"
#include "crypto/wipe.h"
#include "http/aws_endpoint.h"
#include "http/credential_source.h"
#include "http/header_text.h"
#include "http/small_file.h"

namespace docupilot::inline v1::http {

namespace {

constexpr std::size_t most_bytes = 1U << 20U;

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && (is_blank(text.back()) || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

/// The profile that a section of the config file is about; nothing for other sections. The word profile is left out
/// for the default alone.
std::optional<std::string> config_profile(std::string_view section) {
  if (section == "default") return "default";
  if (!section.starts_with("profile") || section.size() < 8 || !is_blank(section[7])) return std::nullopt;
  std::string_view name = trimmed(section.substr(8));
  if (name.size() >= 2 && (name.front() == '"' || name.front() == '\'') && name.back() == name.front()) {
    name = name.substr(1, name.size() - 2);
  }
  if (name.empty()) return std::nullopt;
  return std::string(name);
}

std::string path_of(const AwsEnvironment& environment, const char* variable, const char* standard) {
  std::string path = environment.variable(variable).value_or("");
  if (path.empty()) return environment.home.empty() ? "" : environment.home + standard;
  if (path.starts_with("~/") && !environment.home.empty()) path.replace(0, 1, environment.home);
  return path;
}

}  // namespace

std::string_view AwsProfile::get(std::string_view name) const {
  for (const Settings* settings : {&credentials, &config}) {
    if (const auto found = settings->find(name); found != settings->end()) return found->second;
  }
  return {};
}

Result<void> AwsProfiles::read(std::string_view text, File file, const std::string& path) {
  AwsProfile::Settings ignored;
  AwsProfile::Settings* section = nullptr;
  std::string* last = nullptr;  // the value that an indented line goes on with
  int number = 0;
  const auto bad = [&](const char* what) {
    return Error(bad_setting("profile file", "line " + std::to_string(number) + " " + what,
                             "write [SECTION] and NAME = VALUE lines")
                     .target(path));
  };
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view whole = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view line = trimmed(whole);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (is_blank(whole.front()) && last != nullptr) {
      // Below "s3 =" stands a block of its own, which is nothing to us; below a value, the rest of it.
      if (!last->empty()) (*last += '\n') += line;
      continue;
    }
    if (line.front() == '[') {
      const std::size_t close = line.rfind(']');
      if (close == std::string_view::npos) return bad("has no closing bracket");
      const std::string_view name = trimmed(line.substr(1, close - 1));
      std::optional<std::string> profile = file == File::config ? config_profile(name) : std::string(name);
      last = nullptr;
      if (!profile) {
        section = &ignored;
      } else {
        AwsProfile& found = profiles_[*std::move(profile)];
        section = file == File::config ? &found.config : &found.credentials;
      }
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || equals == 0) return bad("is neither a section nor a setting");
    if (section == nullptr) return bad("stands before the first section");
    last = &(*section)[to_lower(trimmed(line.substr(0, equals)))];
    *last = trimmed(line.substr(equals + 1));
  }
  return {};
}

Result<AwsProfiles> AwsProfiles::load(const AwsEnvironment& environment) {
  AwsProfiles profiles;
  for (const File file : {File::config, File::credentials}) {
    const std::string path = file == File::config
                                 ? path_of(environment, "AWS_CONFIG_FILE", "/.aws/config")
                                 : path_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials");
    if (path.empty()) continue;
    auto text = read_small_file(path, most_bytes);
    if (!text) return source_failed("profile file", std::move(text).error());
    if (!*text) continue;
    Result<void> done = profiles.read(**text, file, path);
    crypto::wipe(**text);
    if (!done) return std::move(done).error();
  }
  return profiles;
}

const AwsProfile* AwsProfiles::find(std::string_view name) const {
  const auto found = profiles_.find(name);
  return found == profiles_.end() ? nullptr : &found->second;
}

ProfileChoice choose_profile(const AwsEnvironment& environment, const std::string& profile) {
  if (!profile.empty()) return {.name = profile, .named = true};
  const std::string chosen = environment.variable("AWS_PROFILE").value_or("");
  if (!chosen.empty()) return {.name = chosen, .named = true};
  return {.name = "default"};
}

Result<const AwsProfile*> find_profile(const AwsProfiles& profiles, const ProfileChoice& choice) {
  const AwsProfile* const profile = profiles.find(choice.name);
  if (profile != nullptr || !choice.named) return profile;
  return bad_setting("profile '" + escape_controls(choice.name) + "'", "it is in neither profile file",
                     "check AWS_PROFILE; the config file wants the word: [profile NAME]");
}

Result<std::optional<std::string>> aws_region(const AwsEnvironment& environment, const std::string& profile) {
  std::string region;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (region.empty()) region = environment.variable(name).value_or("");
  }
  if (region.empty()) {
    DOCUPILOT_TRY(const AwsProfiles profiles, AwsProfiles::load(environment));
    DOCUPILOT_TRY(const AwsProfile* const found, find_profile(profiles, choose_profile(environment, profile)));
    if (found != nullptr) {
      const auto setting = found->config.find("region");
      region = setting != found->config.end() ? std::string_view(setting->second) : found->get("region");
    }
  }
  if (region.empty()) return std::optional<std::string>();
  if (!is_region(region)) {
    return Error(ErrorCode::invalid_argument, "this is no region")
        .operation("choose region")
        .target(region)
        .hint("give one such as eu-west-1");
  }
  return std::optional(std::move(region));
}

}  // namespace docupilot::inline v1::http
