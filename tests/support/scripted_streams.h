#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

#include <docupilot/base/stream.h>

namespace docupilot_test {

/// `size` bytes that differ from place to place and, by `seed`, from text to text.
inline std::string pattern(std::size_t size, unsigned seed = 1) {
  std::string text(size, '\0');
  unsigned state = seed * 2654435761U + 1;
  for (char& c : text) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24U);
  }
  return text;
}

/// Gives a text in pieces, and then does what the test wants: ends, fails, or something on the way.
class ScriptedReader final : public docupilot::Reader {
 public:
  std::string text;
  std::optional<std::uint64_t> says = {};         ///< What size() answers.
  std::optional<docupilot::Error> fails = {};     ///< Returned behind the text, in the place of its end.
  std::size_t piece = 10'000;                     ///< Bytes a call.
  std::function<void(std::size_t)> on_read = {};  ///< Called with the bytes given so far, before each piece.

  explicit ScriptedReader(std::string bytes) : text(std::move(bytes)) {}
  [[nodiscard]] docupilot::Result<std::size_t> read(docupilot::MutableByteView into,
                                                    const docupilot::Context& context) override {
    if (on_read) on_read(at_);
    if (auto go_on = context.check("read"); !go_on) return std::move(go_on).error();
    if (at_ == text.size() && fails) return *fails;
    const std::size_t count = std::min({piece, into.size(), text.size() - at_});
    std::copy_n(docupilot::as_bytes(text).begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
    at_ += count;
    return count;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return says; }

 private:
  std::size_t at_ = 0;
};

/// Counts what comes, calls back, and fails with a given error once `room` bytes are passed.
class ScriptedWriter final : public docupilot::Writer {
 public:
  std::uint64_t taken = 0;
  std::uint64_t room = UINT64_MAX;
  docupilot::Error fails{docupilot::ErrorCode::internal, "the test's writer is full"};
  std::function<void(std::uint64_t)> on_write = {};

  [[nodiscard]] docupilot::Result<void> write(docupilot::ByteView bytes) override {
    taken += bytes.size();
    if (on_write) on_write(taken);
    if (taken > room) return fails;
    return {};
  }
};

}  // namespace docupilot_test
