#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <docupilot/source/content_hash.h>
#include <docupilot/store/part_sender.h>

namespace docupilot_test {

/// A part's bytes in memory, given in pieces, with pauses before those bytes that the test names.
class ScriptedBody final : public docupilot::PartBody {
 public:
  explicit ScriptedBody(std::string bytes) : bytes_(std::move(bytes)) {}

  std::size_t piece = SIZE_MAX;         ///< Bytes a call.
  std::set<std::uint64_t> pauses = {};  ///< Before these bytes, it has none for now, once.
  std::uint64_t held_at = UINT64_MAX;   ///< Before this byte it has none until `let_go`.
  bool knows_crc = false;               ///< From the start.
  bool gives_whole = false;
  std::optional<docupilot::Error> fails = {};  ///< In the place of the last byte.
  std::size_t missing = 0;                     ///< It ends so many bytes too early.
  std::function<void()> on_pause = {};

  void let_go() {
    const std::lock_guard lock(mutex_);
    held_at = UINT64_MAX;
  }
  [[nodiscard]] int rewinds() const {
    const std::lock_guard lock(mutex_);
    return rewinds_;
  }
  /// Bytes read, over all attempts.
  [[nodiscard]] std::uint64_t reads() const {
    const std::lock_guard lock(mutex_);
    return read_;
  }

  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  void rewind() override {
    const std::lock_guard lock(mutex_);
    at_ = 0;
    ++rewinds_;
  }
  [[nodiscard]] docupilot::Result<std::optional<std::size_t>> read(docupilot::MutableByteView into) override {
    std::unique_lock lock(mutex_);
    const bool waits = at_ >= held_at || pauses.erase(at_) > 0;
    if (waits) {
      lock.unlock();
      if (on_pause) on_pause();
      return std::optional<std::size_t>();
    }
    std::uint64_t end = std::min<std::uint64_t>(bytes_.size() - missing, held_at);
    if (const auto next = pauses.upper_bound(at_); next != pauses.end()) end = std::min(end, *next);
    if (fails && at_ + 1 >= bytes_.size()) return *fails;
    if (fails) end = std::min<std::uint64_t>(end, bytes_.size() - 1);
    const auto count = std::min({piece, into.size(), static_cast<std::size_t>(end - at_)});
    std::copy_n(docupilot::as_bytes(bytes_).begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
    at_ += count;
    read_ += count;
    return std::optional(count);
  }
  [[nodiscard]] std::optional<docupilot::ByteView> whole() override {
    return gives_whole ? std::optional(docupilot::as_bytes(bytes_)) : std::nullopt;
  }
  [[nodiscard]] std::optional<std::uint64_t> crc64nvme() const override {
    const std::lock_guard lock(mutex_);
    if (!knows_crc && at_ < bytes_.size()) return std::nullopt;
    return docupilot::crc64nvme(docupilot::as_bytes(bytes_));
  }

 private:
  const std::string bytes_;
  mutable std::mutex mutex_;
  std::uint64_t at_ = 0;
  std::uint64_t read_ = 0;
  int rewinds_ = 0;
};

/// Waits for the end of one attempt, and counts how often it was told.
class PartWaiter {
 public:
  [[nodiscard]] docupilot::PartSender::Done done() {
    return [this](docupilot::PartReply reply) {
      const std::lock_guard lock(mutex_);
      ++calls_;
      reply_ = std::move(reply);
      changed_.notify_all();
    };
  }
  [[nodiscard]] docupilot::PartReply wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return reply_.has_value(); });
    return *reply_;
  }
  [[nodiscard]] int calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<docupilot::PartReply> reply_;
  int calls_ = 0;
};

/// Where the parts of this upload go.
inline std::shared_ptr<const docupilot::PartTarget> target_of(docupilot::MultipartUpload upload,
                                                              docupilot::PutOptions options = {}) {
  return std::make_shared<const docupilot::PartTarget>(
      docupilot::PartTarget{.upload = std::move(upload), .options = std::move(options)});
}

/// Makes one attempt and waits for its end.
inline docupilot::PartReply send_part(docupilot::PartSender& sender, docupilot::PartRequest request,
                                      const docupilot::Context& context = {}) {
  PartWaiter waiter;
  const auto transfer = sender.send(std::move(request), waiter.done(), context);
  return waiter.wait();
}

}  // namespace docupilot_test
