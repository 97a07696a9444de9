#include "extract_invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  docupilot_test::extract_and_check(bytes, {.content_type = "text/markdown; charset=utf-8"},
                                    {.text = 4096, .depth = 64});
  docupilot_test::extract_and_check(bytes, {.content_type = "text/markdown"}, {});
  return 0;
}
