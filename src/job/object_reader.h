#pragma once

#include <string>

#include <docupilot/store/object_store.h>

namespace docupilot::inline v1 {

/// Pulls the bytes of a stored object, a block of 1 MiB at a time, so that what pulls may stop early.
class ObjectReader final : public Reader {
 public:
  ObjectReader(ObjectStore& store, std::string key, std::uint64_t size)
      : store_(store), key_(std::move(key)), size_(size) {}

  [[nodiscard]] Result<std::size_t> read(MutableByteView into, const Context& context) override;
  /// The first 4 KiB, without moving the place `read` is at.
  [[nodiscard]] Result<std::string> read_head(const Context& context);
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  ObjectStore& store_;
  std::string key_;
  std::uint64_t size_;
  std::uint64_t fetched_ = 0;
  std::string block_;
  std::size_t used_ = 0;  // of the block
};

}  // namespace docupilot::inline v1
