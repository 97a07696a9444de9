#include "json_line.h"

#include <docupilot/base/value.h>

#include "text.h"

namespace docupilot_command {

namespace {

std::string quoted(std::string_view text) { return docupilot::Value(valid_utf8(text)).to_json(); }

}  // namespace

JsonLine::JsonLine(std::string object) : text_(std::move(object)) { text_.pop_back(); }

JsonLine& JsonLine::name(std::string_view name) {
  if (text_.size() > 1) text_ += ',';
  text_ += quoted(name);
  text_ += ':';
  return *this;
}

JsonLine& JsonLine::raw(std::string_view member, std::string_view json) {
  name(member);
  text_ += json;
  return *this;
}

JsonLine& JsonLine::text(std::string_view member, std::string_view value) { return raw(member, quoted(value)); }
JsonLine& JsonLine::number(std::string_view member, std::uint64_t value) { return raw(member, std::to_string(value)); }
JsonLine& JsonLine::real(std::string_view member, double value) {
  return raw(member, docupilot::Value(value).to_json());
}
JsonLine& JsonLine::boolean(std::string_view member, bool value) { return raw(member, value ? "true" : "false"); }

JsonLine& JsonLine::texts(std::string_view member, std::span<const std::string> values) {
  std::string array = "[";
  for (const std::string& value : values) {
    if (array.size() > 1) array += ',';
    array += quoted(value);
  }
  return raw(member, array + ']');
}

std::string json_array(std::span<const std::string> values) {
  std::string array = "[";
  for (const std::string& value : values) {
    if (array.size() > 1) array += ',';
    array += value;
  }
  return array + ']';
}

std::string error_json(const docupilot::Error& error) {
  JsonLine line;
  line.text("code", docupilot::to_string(error.code())).text("message", error.message());
  const std::pair<std::string_view, const std::string&> texts[] = {
      {"operation", error.operation()}, {"backend", error.backend()},           {"target", error.target()},
      {"hint", error.hint()},           {"service_code", error.service_code()}, {"request_id", error.request_id()},
  };
  for (const auto& [name, value] : texts) {
    if (!value.empty()) line.text(name, value);
  }
  if (error.http_status() != 0) line.number("http_status", static_cast<std::uint64_t>(error.http_status()));
  if (error.attempts() > 1) line.number("attempts", static_cast<std::uint64_t>(error.attempts()));
  line.boolean("retryable", error.retryable());
  if (error.cause() != nullptr) line.raw("cause", error_json(*error.cause()));
  return line.str();
}

}  // namespace docupilot_command
