#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <docupilot/base/bytes.h>
#include <docupilot/base/cancel.h>
#include <docupilot/base/export.h>
#include <docupilot/base/result.h>

namespace docupilot::inline v1 {

/// Bytes that can be pulled, once, from front to back. Used by one thread at a time.
class DOCUPILOT_EXPORT Reader {
 public:
  virtual ~Reader();
  /// Fills the front of `into` and returns how many bytes that were; 0 means the end, and only that.
  /// A short count is not the end. `into` must not be empty.
  [[nodiscard]] virtual Result<std::size_t> read(MutableByteView into, const Context& context) = 0;
  /// How many bytes there are in all, when that is known beforehand.
  [[nodiscard]] virtual std::optional<std::uint64_t> size() const = 0;
};

/// Takes bytes that are pushed, in order. Used by one thread at a time.
class DOCUPILOT_EXPORT Writer {
 public:
  virtual ~Writer();
  /// Takes all of `bytes` or fails; an error ends the transfer that feeds it.
  [[nodiscard]] virtual Result<void> write(ByteView bytes) = 0;
};

/// Reads from memory that the caller keeps alive.
class DOCUPILOT_EXPORT MemoryReader final : public Reader {
 public:
  explicit MemoryReader(ByteView bytes) noexcept : rest_(bytes), size_(bytes.size()) {}
  [[nodiscard]] Result<std::size_t> read(MutableByteView into, const Context& context) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  ByteView rest_;
  std::uint64_t size_;
};

/// Collects what is written in a string; `limit` bytes at the most, then `too_large`.
class DOCUPILOT_EXPORT MemoryWriter final : public Writer {
 public:
  explicit MemoryWriter(std::uint64_t limit = UINT64_MAX) noexcept : limit_(limit) {}
  [[nodiscard]] Result<void> write(ByteView bytes) override;
  [[nodiscard]] const std::string& text() const& noexcept { return text_; }
  [[nodiscard]] std::string text() && noexcept { return static_cast<std::string&&>(text_); }

 private:
  std::uint64_t limit_;
  std::string text_;
};

/// Reads to the end, into memory. Errors: too_large once more than `limit` bytes came; those of the reader.
[[nodiscard]] DOCUPILOT_EXPORT Result<std::string> read_all(Reader& from, std::uint64_t limit,
                                                            const Context& context = {});

}  // namespace docupilot::inline v1
