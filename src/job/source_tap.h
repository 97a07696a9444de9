#pragma once

#include <functional>
#include <string>

#include <docupilot/source/content_hash.h>
#include <docupilot/source/source.h>

namespace docupilot::inline v1 {

/// Passes a source on to a store and looks at each byte once on its way: hashes it, counts it, and keeps the first
/// ones to tell the content type. Errors of the source are kept apart from those of the store that reads.
class SourceTap final : public Reader {
 public:
  SourceTap(Source& source, Hashes hashes, std::function<void(std::uint64_t bytes)> on_bytes)
      : source_(source), hash_(hashes), on_bytes_(std::move(on_bytes)) {}

  /// Reads the first bytes ahead, 4 KiB where there are so many; `read` gives them again. For the content type.
  [[nodiscard]] Result<std::string_view> peek(const Context& context);

  [[nodiscard]] Result<std::size_t> read(MutableByteView into, const Context& context) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return source_.size(); }

  /// How many bytes were passed on.
  [[nodiscard]] std::uint64_t count() const noexcept { return hash_.size(); }
  [[nodiscard]] Checksums checksums() { return hash_.finish(); }
  /// Whether a read failed because of the source rather than the store.
  [[nodiscard]] bool source_failed() const noexcept { return source_failed_; }

 private:
  Source& source_;
  ContentHash hash_;
  std::function<void(std::uint64_t)> on_bytes_;
  std::string head_;
  std::size_t head_used_ = 0;
  bool source_failed_ = false;
};

}  // namespace docupilot::inline v1
