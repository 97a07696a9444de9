#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <docupilot/base/error.h>

namespace docupilot_command {

/// One JSON object on one line, its members in the order they were added.
class JsonLine {
 public:
  JsonLine() = default;
  /// Goes on with an object that is there already, such as docupilot::to_json(Document) gives.
  explicit JsonLine(std::string object);

  JsonLine& text(std::string_view name, std::string_view value);
  JsonLine& number(std::string_view name, std::uint64_t value);
  JsonLine& real(std::string_view name, double value);
  JsonLine& boolean(std::string_view name, bool value);
  JsonLine& texts(std::string_view name, std::span<const std::string> values);
  /// `json` is one JSON value.
  JsonLine& raw(std::string_view name, std::string_view json);
  [[nodiscard]] std::string str() const { return text_ + '}'; }

 private:
  JsonLine& name(std::string_view name);
  std::string text_ = "{";
};

/// The JSON values, between brackets.
[[nodiscard]] std::string json_array(std::span<const std::string> values);

/// code, message, and of operation, backend, target, hint, service_code, request_id, http_status, attempts and cause
/// those that are known; retryable.
[[nodiscard]] std::string error_json(const docupilot::Error& error);

}  // namespace docupilot_command
