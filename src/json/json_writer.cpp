#include "json/json_writer.h"

#include <cmath>

#include "base/utf8.h"
#include "json/base64.h"
#include "json/rapidjson.h"

namespace docupilot::inline v1::json {

namespace rj = docupilot_rapidjson;

struct Writer::State {
  rj::StringBuffer buffer;
  rj::Writer<rj::StringBuffer> writer{buffer};
};

Writer::Writer() : state_(std::make_unique<State>()) {}
Writer::~Writer() = default;
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;

void Writer::begin_object() { state_->writer.StartObject(); }
void Writer::end_object() { state_->writer.EndObject(); }
void Writer::begin_array() { state_->writer.StartArray(); }
void Writer::end_array() { state_->writer.EndArray(); }
void Writer::value(bool v) { state_->writer.Bool(v); }
void Writer::value(std::int64_t v) { state_->writer.Int64(v); }
void Writer::value(std::uint64_t v) { state_->writer.Uint64(v); }

void Writer::key(std::string_view name) {
  const std::string clean = replace_invalid_utf8(name);
  state_->writer.Key(clean.data(), static_cast<rj::SizeType>(clean.size()));
}

void Writer::value(std::string_view v) {
  if (is_utf8(v)) {
    state_->writer.String(v.data(), static_cast<rj::SizeType>(v.size()));
  } else {
    const std::string clean = replace_invalid_utf8(v);
    state_->writer.String(clean.data(), static_cast<rj::SizeType>(clean.size()));
  }
}

void Writer::value(double v) {
  if (std::isfinite(v)) state_->writer.Double(v);
  else state_->writer.Null();
}

void Writer::value(const Value& v) {
  switch (v.kind()) {
    case Value::Kind::null: state_->writer.Null(); break;
    case Value::Kind::boolean: value(*v.get_if<bool>()); break;
    case Value::Kind::integer: value(*v.get_if<std::int64_t>()); break;
    case Value::Kind::number: value(*v.get_if<double>()); break;
    case Value::Kind::text: value(*v.get_if<std::string>()); break;
    case Value::Kind::bytes: value(to_base64(*v.get_if<Value::Bytes>())); break;
    case Value::Kind::time: value(v.get_if<Timestamp>()->to_string()); break;
    case Value::Kind::list:
      begin_array();
      for (const Value& element : *v.get_if<Value::List>()) value(element);
      end_array();
      break;
    case Value::Kind::map:
      begin_object();
      for (const auto& [name, element] : *v.get_if<Value::Map>()) member(name, element);
      end_object();
      break;
  }
}

std::string Writer::text() && { return {state_->buffer.GetString(), state_->buffer.GetSize()}; }

}  // namespace docupilot::inline v1::json
