#pragma once

#include <map>
#include <string>
#include <string_view>

#include <docupilot/http/credentials.h>

namespace docupilot::inline v1::http {

/// One profile: what the two files say of it, names in lower case.
struct AwsProfile {
  using Settings = std::map<std::string, std::string, std::less<>>;
  Settings credentials;  ///< Of the credentials file.
  Settings config;       ///< Of the config file.

  /// The value in the credentials file, else in the config file, else "".
  [[nodiscard]] std::string_view get(std::string_view name) const;
};

/// The shared files of AWS: config (AWS_CONFIG_FILE, ~/.aws/config) and credentials (AWS_SHARED_CREDENTIALS_FILE,
/// ~/.aws/credentials).
class AwsProfiles {
 public:
  /// Files that are not there are empty. Errors: unauthenticated for one that is not INI (with the number of the line,
  /// never its text), those of reading.
  [[nodiscard]] static Result<AwsProfiles> load(const AwsEnvironment& environment);

  enum class File { config, credentials };
  /// Adds what the text of a file says; `path` is for errors.
  Result<void> read(std::string_view text, File file, const std::string& path);

  /// Null when neither file has it.
  [[nodiscard]] const AwsProfile* find(std::string_view name) const;

 private:
  std::map<std::string, AwsProfile, std::less<>> profiles_;
};

/// Which profile is meant: the one that is named, AWS_PROFILE, or "default".
struct ProfileChoice {
  std::string name;
  bool named = false;  ///< By somebody; then it must be there.
};
[[nodiscard]] ProfileChoice choose_profile(const AwsEnvironment& environment, const std::string& profile);

/// That profile; null for a default one that is not there. Errors: unauthenticated for a named one that is not there.
[[nodiscard]] Result<const AwsProfile*> find_profile(const AwsProfiles& profiles, const ProfileChoice& choice);

}  // namespace docupilot::inline v1::http
