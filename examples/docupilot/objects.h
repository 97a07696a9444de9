#pragma once

#include <memory>
#include <string>

#include <docupilot/store/object_store.h>

#include "json_line.h"

namespace docupilot_command {

/// An object that a URL names, and its store; the key is empty when the URL names the whole store.
struct NamedObject {
  std::unique_ptr<docupilot::ObjectStore> store;
  std::string key;
};

/// Errors: invalid_argument for what is no URL of an object; those of the store.
[[nodiscard]] docupilot::Result<NamedObject> open_object(const std::string& url);
/// Likewise, and the key must be there.
[[nodiscard]] docupilot::Result<NamedObject> open_one(const std::string& url);
/// "90", "90s", "10m", "2h", "7d"; "0" where nothing is a length of time. Errors: invalid_argument.
[[nodiscard]] docupilot::Result<docupilot::Duration> parse_time(const std::string& text, bool zero = false);
/// The members of ObjectInfo.
[[nodiscard]] JsonLine object_line(const docupilot::ObjectInfo& info);

}  // namespace docupilot_command
