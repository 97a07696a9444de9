#include "json/json_reader.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "base/utf8.h"
#include "json/rapidjson.h"

namespace docupilot::inline v1::json {

namespace rj = docupilot_rapidjson;

namespace {

// Whether a number that no double comes near is too small, not too large.
bool is_tiny(std::string_view text) {
  const std::size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) return text[exponent + 1] == '-';
  return text.starts_with("0") || text.starts_with("-0");
}

// A number as RFC 8259 writes it: an integer when it is one that fits, else the nearest double. Nothing when that is
// infinite. RapidJSON's own conversion is undefined for some numbers, such as 0e88.
std::optional<Value> number_in(std::string_view text) {
  const char* const end = text.data() + text.size();
  std::int64_t integer = 0;
  if (const auto [rest, code] = std::from_chars(text.data(), end, integer); rest == end && code == std::errc()) {
    return Value(integer);
  }
  double number = 0;
  const auto [rest, code] = std::from_chars(text.data(), end, number);
  if (code == std::errc()) return Value(number);
  if (is_tiny(text)) return Value(text.starts_with('-') ? -0.0 : 0.0);
  return std::nullopt;
}

// Builds a Value from events; returning false stops the parser.
class Builder : public rj::BaseReaderHandler<rj::UTF8<>, Builder> {
 public:
  Builder(unsigned depth, bool has_escapes) : depth_(depth), has_escapes_(has_escapes) {}

  bool Default() { return false; }
  bool Null() { return add(Value()); }
  bool Bool(bool v) { return add(Value(v)); }
  bool RawNumber(const char* text, rj::SizeType size, bool) {
    std::optional<Value> number = number_in({text, size});
    if (number) return add(*std::move(number));
    problem_ = "a number is out of range";
    return false;
  }
  bool String(const char* text, rj::SizeType size, bool) {
    return is_good({text, size}) && add(Value(std::string(text, size)));
  }
  bool Key(const char* text, rj::SizeType size, bool) {
    if (!is_good({text, size})) return false;
    keys_.back().assign(text, size);
    if (!open_.back().get_if<Value::Map>()->contains(keys_.back())) return true;
    problem_ = "a key stands twice in one object";
    return false;
  }
  bool StartObject() { return open(Value(Value::Map{})); }
  bool StartArray() { return open(Value(Value::List{})); }
  bool EndObject(rj::SizeType) { return close(); }
  bool EndArray(rj::SizeType) { return close(); }

  [[nodiscard]] Value take() { return std::move(root_); }
  [[nodiscard]] const char* problem() const { return problem_; }

 private:
  // RapidJSON takes the second half of a surrogate pair alone, and writes it as bytes that are not UTF-8.
  bool is_good(std::string_view text) {
    if (!has_escapes_ || is_utf8(text)) return true;
    problem_ = "half a surrogate pair stands alone";
    return false;
  }
  bool add(Value v) {
    if (open_.empty()) root_ = std::move(v);
    else if (auto* list = open_.back().get_if<Value::List>()) list->push_back(std::move(v));
    else open_.back().get_if<Value::Map>()->emplace(keys_.back(), std::move(v));
    return true;
  }
  bool open(Value container) {
    if (open_.size() >= depth_) {
      problem_ = "it is nested too deep";
      return false;
    }
    open_.push_back(std::move(container));
    keys_.emplace_back();
    return true;
  }
  bool close() {
    Value done = std::move(open_.back());
    open_.pop_back();
    keys_.pop_back();
    return add(std::move(done));
  }

  unsigned depth_;
  bool has_escapes_;
  const char* problem_ = "this is not JSON";
  Value root_;
  std::vector<Value> open_;
  std::vector<std::string> keys_;
};

}  // namespace

Result<Value> parse(std::string_view text, unsigned depth) {
  const auto bad = [](const char* what, std::size_t offset) {
    return Error(ErrorCode::corrupted, std::string(what) + " (at byte " + std::to_string(offset) + ")")
        .operation("parse JSON");
  };
  if (!is_utf8(text)) return bad("the text is not UTF-8", 0);
  rj::MemoryStream bytes(text.data(), text.size());
  rj::Reader reader;
  Builder builder(depth, text.find("\\u") != std::string_view::npos);
  constexpr unsigned flags = rj::kParseIterativeFlag | rj::kParseNumbersAsStringsFlag | rj::kParseStopWhenDoneFlag;
  if (!reader.Parse<flags>(bytes, builder)) return bad(builder.problem(), reader.GetErrorOffset());
  for (std::size_t i = bytes.Tell(); i < text.size(); ++i) {
    if (text[i] != ' ' && text[i] != '\n' && text[i] != '\r' && text[i] != '\t') {
      return bad("something follows the value", i);
    }
  }
  return builder.take();
}

}  // namespace docupilot::inline v1::json
