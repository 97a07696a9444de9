// Dates and hints of replies: whatever is taken is a delay that can be waited for, or a moment of the calendar.
#include <string>
#include <string_view>

#include "fuzz/insist.h"
#include "http/clock_skew.h"
#include "http/http_date.h"
#include "http/retry_after.h"

using namespace docupilot;
using docupilot_test::insist;
using namespace docupilot::http;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Timestamp now{1'795'255'200'000'000};
  for (const char* name : {"Retry-After", "retry-after-ms", "x-amz-retry-after"}) {
    const auto hint = server_hint({{name, text}, {"Date", text}}, now);
    if (!hint) continue;
    insist(hint->delay >= Duration() && (hint->aws || hint->delay <= Duration::milliseconds(86'400'000)));
  }
  if (const auto delay = parse_retry_delay(text)) insist(*delay > Duration());
  if (const auto date = parse_http_date(text, now)) {
    insist(Timestamp::parse(date->to_string()).value() == *date);
    insist(measured_offset({{"Date", text}}, now, now).has_value() ||
           date->microseconds < INT64_MIN / 1000 + now.microseconds || date->microseconds > INT64_MAX / 1000);
  }
  return 0;
}
