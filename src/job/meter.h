#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>

#include <docupilot/ingest.h>

namespace docupilot::inline v1 {

/// Counts how far a long call has come and tells the caller a few times a second, never two calls at a time.
class Meter {
 public:
  Meter(std::function<void(const IngestProgress&)> report, std::uint64_t documents, std::uint64_t bytes)
      : report_(std::move(report)) {
    progress_.documents_total = documents;
    progress_.bytes_total = bytes;
  }

  /// Any thread.
  void add_bytes(std::uint64_t bytes) {
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
    if (report_) tell({});
  }
  void document_done(std::string_view name, bool failed) {
    done_.fetch_add(1, std::memory_order_relaxed);
    if (failed) failed_.fetch_add(1, std::memory_order_relaxed);
    if (report_) tell(name);
  }
  /// The last report, with everything done so far.
  void finish() {
    if (!report_) return;
    const std::lock_guard lock(mutex_);
    send();
  }

 private:
  static constexpr auto interval = std::chrono::milliseconds(100);

  void tell(std::string_view name) {
    const std::unique_lock lock(mutex_, std::try_to_lock);  // somebody else is telling: that will do
    if (!lock) return;
    if (!name.empty()) current_ = name;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + interval;
    send();
  }
  void send() {
    progress_.bytes_done = bytes_.load(std::memory_order_relaxed);
    progress_.documents_done = done_.load(std::memory_order_relaxed);
    progress_.documents_failed = failed_.load(std::memory_order_relaxed);
    progress_.current = current_;
    report_(progress_);
  }

  std::function<void(const IngestProgress&)> report_;
  std::atomic<std::uint64_t> bytes_ = 0, done_ = 0, failed_ = 0;
  std::mutex mutex_;  // guards the following
  IngestProgress progress_;
  std::string current_;
  std::chrono::steady_clock::time_point next_ = {};
};

}  // namespace docupilot::inline v1
