#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <docupilot/base/export.h>
#include <docupilot/base/time.h>

namespace docupilot::inline v1 {

/// What a free attribute of a document can hold: null, bool, integer, double, text, bytes, time, list or map.
/// Every metadata backend keeps all nine apart: 1 and 1.0 come back as they went in.
class DOCUPILOT_EXPORT Value {
 public:
  using Bytes = std::vector<std::byte>;
  using List = std::vector<Value>;
  using Map = std::map<std::string, Value, std::less<>>;
  enum class Kind { null, boolean, integer, number, text, bytes, time, list, map };

  // All defined in the library: in the header they cost every file that includes it a tenth of a second.
  Value() noexcept;
  ~Value();
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  Value(std::nullptr_t) noexcept;
  Value(bool v) noexcept;
  Value(int v) noexcept;
  Value(unsigned v) noexcept;
  Value(std::int64_t v) noexcept;
  Value(double v) noexcept;
  Value(const char* v);
  Value(std::string_view v);
  Value(std::string v) noexcept;
  Value(Bytes v) noexcept;
  Value(Timestamp v) noexcept;
  Value(List v) noexcept;
  Value(Map v) noexcept;

  [[nodiscard]] Kind kind() const noexcept { return static_cast<Kind>(data_.index()); }
  /// The value when it is a T (std::int64_t, std::string, Value::List ...), else null.
  template <class T>
  [[nodiscard]] const T* get_if() const noexcept {
    return std::get_if<T>(&data_);
  }
  template <class T>
  [[nodiscard]] T* get_if() noexcept {
    return std::get_if<T>(&data_);
  }

  [[nodiscard]] bool operator==(const Value& other) const;

  /// JSON as people expect it (RFC 8259): times as RFC 3339 text, bytes as base64 text, NaN and infinity as null.
  /// For reading, not for storing: kinds that JSON lacks are not told apart.
  [[nodiscard]] std::string to_json() const;
  /// From JSON text: whole numbers that fit become integers, other numbers doubles; no times or bytes.
  /// Errors: invalid_argument for anything but one JSON value, nested at most 64 deep, without duplicate keys.
  [[nodiscard]] static Result<Value> from_json(std::string_view json);

 private:
  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Bytes, Timestamp, List, Map> data_;
};

}  // namespace docupilot::inline v1
