#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <docupilot/base/value.h>

namespace docupilot::inline v1::json {

/// Writes one JSON value on one line, members in the order they are given. Text that is not valid UTF-8 has each bad
/// byte replaced by U+FFFD, so that what comes out is always JSON. The caller keeps begin and end in balance.
class Writer {
 public:
  Writer();
  ~Writer();
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;

  void begin_object();
  void end_object();
  void begin_array();
  void end_array();
  void key(std::string_view name);
  void value(std::string_view v);
  void value(const char* v) { value(std::string_view(v)); }
  void value(const std::string& v) { value(std::string_view(v)); }
  void value(bool v);
  void value(std::int64_t v);
  void value(std::uint64_t v);
  void value(int v) { value(std::int64_t{v}); }
  void value(double v);        ///< NaN and infinity become null.
  void value(const Value& v);  ///< As Value::to_json.
  template <class T>
  void member(std::string_view name, const T& v) {
    key(name);
    value(v);
  }
  /// The text written; the writer is used up.
  [[nodiscard]] std::string text() &&;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace docupilot::inline v1::json
