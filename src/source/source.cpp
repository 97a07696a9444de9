#include <docupilot/source/source.h>

#include "source/stream_source.h"

namespace docupilot::inline v1 {

namespace {

Error only_once(std::string_view operation, const std::string& name) {
  return Error(ErrorCode::unsupported, "a stream can be read only once, from front to back")
      .operation(operation)
      .target(name)
      .hint("read it into a file or memory first, or ask can_rewind() before");
}

}  // namespace

Source::~Source() = default;

Result<void> StreamSource::rewind() { return only_once("rewind", name_); }

Result<std::size_t> StreamSource::read_at(std::uint64_t, MutableByteView) { return only_once("read_at", name_); }

Result<SourceIdentity> StreamSource::identity() const { return SourceIdentity{.size = size().value_or(0)}; }

}  // namespace docupilot::inline v1
