// Every text that is a time is written as a time that is read as the same moment.
#include <cstdint>
#include <cstring>
#include <string_view>

#include <docupilot/base/time.h>

#include "fuzz/insist.h"

using namespace docupilot;
using docupilot_test::insist;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto time = Timestamp::parse({reinterpret_cast<const char*>(data), size})) {
    const auto again = Timestamp::parse(time->to_string());
    insist(again.has_value() && *again == *time);
  }
  std::int64_t micros = 0;
  if (size >= sizeof micros) {
    std::memcpy(&micros, data, sizeof micros);
    const std::string text = Timestamp{micros}.to_string();
    const auto again = Timestamp::parse(text);
    insist(again.has_value() && again->to_string() == text);
  }
  return 0;
}
