#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include <docupilot/testing/ledger.h>

namespace docupilot::inline v1::testing {

/// What a Ledger reads: the record, and the calls that write it. Any thread.
class Book {
 public:
  explicit Book(std::size_t body_limit) : body_limit_(body_limit) {}

  /// Opens a connection's page and returns its number.
  std::size_t connect();
  /// Enters a request whose header block is known; gives it its number, and returns it as entered.
  RecordedRequest enter(RecordedRequest request);
  /// More of a request's body came.
  void body(std::size_t request, std::string_view content);
  void fired(std::size_t request, const Fault& fault);
  void fired_on_connection(std::size_t connection, const Fault& fault);
  void received(std::size_t connection, std::size_t bytes);
  void ended(std::size_t connection, RecordedConnection::Ending how, const std::string& note);

  template <class F>
  void change_request(std::size_t number, F&& change) {
    const std::lock_guard lock(mutex_);
    change(record_.requests[number]);
    changed_.notify_all();
  }
  /// Changes a request and its connection in one step.
  template <class F>
  void change_both(std::size_t number, F&& change) {
    const std::lock_guard lock(mutex_);
    RecordedRequest& request = record_.requests[number];
    change(request, record_.connections[request.connection]);
    changed_.notify_all();
  }
  template <class F>
  void change_connection(std::size_t number, F&& change) {
    const std::lock_guard lock(mutex_);
    change(record_.connections[number]);
    changed_.notify_all();
  }

  [[nodiscard]] RecordedRequest request(std::size_t number) const;
  [[nodiscard]] Record snapshot() const;
  [[nodiscard]] bool wait_until(const std::function<bool(const Record&)>& wanted,
                                std::chrono::milliseconds timeout) const;

 private:
  std::size_t body_limit_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Record record_;
};

}  // namespace docupilot::inline v1::testing
