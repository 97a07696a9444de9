
#include <algorithm>

#include "base/try.h"
#include "extract/formats.h"
#include "extract/text_builder.h"
#include "extract/text_decoder.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::uint64_t largest_guess = 16U << 20U;  // of a text's size, which a reader may have wrong

}  // namespace

Result<std::string> read_whole(Reader& body, std::uint64_t limit, std::string_view what, std::string_view name_of_limit,
                               const Context& context) {
  auto bytes = read_all(body, limit, context);
  if (bytes || bytes.error().code() != ErrorCode::too_large) return bytes;
  return Error(ErrorCode::too_large, std::string(what) + " of more than " + std::to_string(limit) + " bytes")
      .hint("raise ExtractLimits::" + std::string(name_of_limit) + ", or split the document");
}

Result<ExtractedText> extract_plain(Reader& body, std::string_view charset, const ExtractLimits& limits,
                                    const Context& context) {
  TextDecoder decoder(charset, false);
  TextBuilder text(limits.text);
  text.reserve(std::min<std::uint64_t>(body.size().value_or(0), largest_guess));
  std::string bytes(64U << 10U, '\0');
  std::string utf8;
  for (bool last = false; !last && !text.full();) {
    DOCUPILOT_TRY(const std::size_t count,
                  body.read({reinterpret_cast<std::byte*>(bytes.data()), bytes.size()}, context));
    DOCUPILOT_CHECK(context.check("extract"));
    last = count == 0;
    utf8.clear();
    DOCUPILOT_CHECK(last ? decoder.finish(utf8) : decoder.feed(std::string_view(bytes).substr(0, count), utf8));
    text.append(utf8);
  }
  ExtractedText result;
  result.charset = decoder.charset();
  result.truncated = text.full();
  result.text = std::move(text).take();
  return result;
}

}  // namespace docupilot::inline v1
