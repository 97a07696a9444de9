#pragma once

#include <string>
#include <string_view>

#include <docupilot/base/value.h>

#include "json/json_writer.h"

// Values as JSON that loses nothing, for databases. What JSON has stands for itself: null, booleans, integers, text,
// lists, maps, and numbers with a point. The rest is an object with one member:
//   {"$time": microseconds since 1970}     {"$bytes": base64 text}
//   {"$double": text}    doubles that JSON or a database would change: NaN, infinities, -0, and those written with an
//                        exponent
//   {"$map": {...}}      a map with a key that begins with '$'
namespace docupilot::inline v1::json {

/// Adds the value to what is being written. Text must be UTF-8.
void write_tagged(Writer& out, const Value& value);

/// The value as text of its own.
[[nodiscard]] std::string to_tagged(const Value& value);

/// The value again. Errors: corrupted.
[[nodiscard]] Result<Value> from_tagged(std::string_view text);

/// The value that a part of parsed JSON stands for. Errors: corrupted.
[[nodiscard]] Result<Value> untag(Value parsed);

}  // namespace docupilot::inline v1::json
