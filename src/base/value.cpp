#include <docupilot/base/value.h>

#include "json/json_reader.h"
#include "json/json_writer.h"

namespace docupilot::inline v1 {

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
