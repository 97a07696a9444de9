// Whatever JSON is taken comes out as JSON of the same value, tagged or not; everything else is refused.
#include <cstdint>
#include <string_view>

#include "base/utf8.h"
#include "fuzz/insist.h"
#include "json/base64.h"
#include "json/json_reader.h"
#include "json/json_writer.h"
#include "json/tagged_value.h"

using namespace docupilot;
using docupilot_test::insist;

namespace {

void read_plain(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return insist(value.error().code() == ErrorCode::corrupted);
  const std::string written = value->to_json();
  insist(is_utf8(written));
  const auto again = json::parse(written);
  insist(again.has_value() && *again == *value);
  const auto tagged = json::from_tagged(json::to_tagged(*value));
  insist(tagged.has_value() && *tagged == *value);
}

void read_tagged(std::string_view text) {
  const auto value = json::from_tagged(text);
  if (!value) return insist(value.error().code() == ErrorCode::corrupted);
  const std::string written = json::to_tagged(*value);
  const auto again = json::from_tagged(written);
  insist(again.has_value() && json::to_tagged(*again) == written);  // as text, because NaN is not equal to itself
}

void read_base64(std::string_view text) {
  if (const auto bytes = from_base64(text)) insist(to_base64(*bytes) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_plain(text);
  read_tagged(text);
  read_base64(text);
  return 0;
}
