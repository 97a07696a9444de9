#include <docupilot/source/source.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/try.h"
#include "source/posix_io.h"

namespace docupilot::inline v1 {

namespace {

class MemorySource final : public Source {
 public:
  MemorySource(ByteView bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}
  MemorySource(std::string bytes, std::string name)
      : owned_(std::move(bytes)), bytes_(as_bytes(owned_)), name_(std::move(name)) {}

  Result<std::size_t> read(MutableByteView into, const Context& context) override {
    DOCUPILOT_CHECK(check_read(into, context));
    const std::size_t count = copy(place_, into);
    place_ += count;
    return count;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return bytes_.size(); }
  [[nodiscard]] bool can_rewind() const override { return true; }
  Result<void> rewind() override {
    place_ = 0;
    return {};
  }
  Result<std::size_t> read_at(std::uint64_t offset, MutableByteView into) override { return copy(offset, into); }
  [[nodiscard]] Result<SourceIdentity> identity() const override { return SourceIdentity{.size = bytes_.size()}; }
  [[nodiscard]] std::string name() const override { return name_; }

 private:
  [[nodiscard]] std::size_t copy(std::uint64_t offset, MutableByteView into) const noexcept {
    if (offset >= bytes_.size()) return 0;
    const ByteView rest = bytes_.subspan(static_cast<std::size_t>(offset));
    const std::size_t count = std::min(into.size(), rest.size());
    if (count > 0) std::memcpy(into.data(), rest.data(), count);
    return count;
  }

  std::string owned_;
  ByteView bytes_;
  std::size_t place_ = 0;
  std::string name_;
};

}  // namespace

std::unique_ptr<Source> memory_source(ByteView bytes, std::string name) {
  return std::make_unique<MemorySource>(bytes, std::move(name));
}

std::unique_ptr<Source> memory_source(std::string bytes, std::string name) {
  return std::make_unique<MemorySource>(std::move(bytes), std::move(name));
}

}  // namespace docupilot::inline v1
