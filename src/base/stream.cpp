#include <docupilot/base/stream.h>

#include <algorithm>
#include <cstring>

#include "base/try.h"

namespace docupilot::inline v1 {

Reader::~Reader() = default;
Writer::~Writer() = default;

Result<std::size_t> MemoryReader::read(MutableByteView into, const Context& context) {
  DOCUPILOT_CHECK(context.check("read"));
  const std::size_t count = std::min(into.size(), rest_.size());
  if (count > 0) std::memcpy(into.data(), rest_.data(), count);
  rest_ = rest_.subspan(count);
  return count;
}

Result<void> MemoryWriter::write(ByteView bytes) {
  if (bytes.size() > limit_ - text_.size()) {
    return Error(ErrorCode::too_large, "more than " + std::to_string(limit_) + " bytes came").operation("read");
  }
  text_.append(as_text(bytes));
  return {};
}

Result<std::string> read_all(Reader& from, std::uint64_t limit, const Context& context) {
  std::string text;
  std::size_t filled = 0;
  std::size_t step = static_cast<std::size_t>(std::min<std::uint64_t>(from.size().value_or(64U << 10U), 1U << 20U)) + 1;
  for (;;) {
    text.resize(filled + step);
    DOCUPILOT_TRY(const std::size_t count,
                  from.read({reinterpret_cast<std::byte*>(text.data()) + filled, step}, context));
    filled += count;
    if (filled > limit) {
      return Error(ErrorCode::too_large, "more than " + std::to_string(limit) + " bytes came").operation("read");
    }
    if (count == 0) break;
    step = std::max<std::size_t>(64U << 10U, std::min<std::size_t>(filled, 8U << 20U));
  }
  text.resize(filled);
  return text;
}

}  // namespace docupilot::inline v1
