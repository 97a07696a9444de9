#pragma once

#include <utility>

#include <docupilot/source/source.h>

namespace docupilot::inline v1 {

/// What all sources have in common that can be read only once.
class StreamSource : public Source {
 public:
  explicit StreamSource(std::string name) : name_(std::move(name)) {}
  [[nodiscard]] bool can_rewind() const override { return false; }
  [[nodiscard]] Result<void> rewind() override;
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, MutableByteView into) override;
  [[nodiscard]] Result<SourceIdentity> identity() const override;
  [[nodiscard]] std::string name() const override { return name_; }

 private:
  std::string name_;
};

}  // namespace docupilot::inline v1
