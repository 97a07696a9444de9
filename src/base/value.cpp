#include <docupilot/base/value.h>

#include "json/json_reader.h"
#include "json/json_writer.h"

namespace docupilot::inline v1 {

Value::Value() noexcept = default;
Value::~Value() = default;
Value::Value(const Value& other) = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) = default;
Value& Value::operator=(Value&& other) noexcept = default;

Value::Value(std::nullptr_t) noexcept {}
Value::Value(bool v) noexcept : data_(v) {}
Value::Value(int v) noexcept : data_(std::int64_t{v}) {}
Value::Value(unsigned v) noexcept : data_(std::int64_t{v}) {}
Value::Value(std::int64_t v) noexcept : data_(v) {}
Value::Value(double v) noexcept : data_(v) {}
Value::Value(const char* v) : data_(std::string(v)) {}
Value::Value(std::string_view v) : data_(std::string(v)) {}
Value::Value(std::string v) noexcept : data_(std::move(v)) {}
Value::Value(Bytes v) noexcept : data_(std::move(v)) {}
Value::Value(Timestamp v) noexcept : data_(v) {}
Value::Value(List v) noexcept : data_(std::move(v)) {}
Value::Value(Map v) noexcept : data_(std::move(v)) {}

bool Value::operator==(const Value& other) const { return data_ == other.data_; }

std::string Value::to_json() const {
  json::Writer out;
  out.value(*this);
  return std::move(out).text();
}

Result<Value> Value::from_json(std::string_view text) {
  return json::parse(text).transform_error(
      [](Error&& e) { return Error(ErrorCode::invalid_argument, e.message()).operation(e.operation()); });
}

}  // namespace docupilot::inline v1
