#include <array>
#include <string>

#include "extract_invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::array charsets{
      "",        "",     "",       "utf-8",  "utf-16le",     "utf-16be", "shift_jis", "euc-jp", "iso-2022-jp",
      "gb18030", "big5", "euc-kr", "koi8-r", "windows-1255", "utf-32",   "macintosh"};
  if (size < 2) return 0;
  const std::string charset = charsets[data[0] % charsets.size()];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  docupilot_test::extract_and_check(bytes,
                                    {.content_type = charset.empty() ? "text/plain" : "text/plain; charset=" + charset},
                                    {.text = data[1] < 128 ? data[1] : 8U << 20U});
  docupilot_test::extract_and_check(bytes, {.name = std::string(bytes.substr(0, 20))}, {});

  const std::string type = docupilot::detect_content_type(bytes.substr(0, data[1] % 16), docupilot::as_bytes(bytes));
  docupilot_test::insist(type.find('/') != std::string::npos && type.find(';') == std::string::npos);
  return 0;
}
