#pragma once

#include <docupilot/extract/extractor.h>

#include <string_view>

#include "base/utf8.h"
#include "fuzz/insist.h"

namespace docupilot_test {

/// What `ExtractedText` promises, whatever the input was.
inline void check_extracted(const docupilot::ExtractedText& result, std::uint64_t limit) {
  const std::string_view text = result.text;
  insist(text.size() <= limit);
  insist(docupilot::is_utf8(text));
  insist(docupilot::is_utf8(result.title));
  insist(result.title.size() <= 1024 && result.title.find('\n') == std::string::npos);
  insist(text.find("\n\n\n") == std::string_view::npos);
  insist(!text.starts_with('\n'));
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    insist(byte >= 0x20 || byte == '\n' || byte == '\t');
    insist(byte != 0x7f);
    insist(byte != 0xc2 || static_cast<unsigned char>(text[i + 1]) >= 0xa0);
    if (byte == '\n') insist(i == 0 || (text[i - 1] != ' ' && text[i - 1] != '\t'));
  }
}

/// Errors must say what to do.
inline void check_error(const docupilot::Error& error) {
  insist(error.operation() == "extract");
  insist(!error.message().empty());
  insist(!error.hint().empty());
  insist(docupilot::is_utf8(error.to_string()));
}

inline void extract_and_check(std::string_view bytes, const docupilot::ExtractInput& input,
                              const docupilot::ExtractLimits& limits) {
  docupilot::MemoryReader body(docupilot::as_bytes(bytes));
  const auto result = docupilot::make_extractor({.limits = limits, .pdftotext = ""})->extract(body, input);
  if (result) check_extracted(*result, limits.text);
  else check_error(result.error());
}

}  // namespace docupilot_test
