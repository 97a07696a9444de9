#pragma once

#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "http/curl_pool.h"
#include "http/curl_transfer.h"

namespace docupilot::inline v1::http {

/// One thread of the transport, with the transfers on it. libcurl is touched by this thread alone.
class CurlLoop {
 public:
  explicit CurlLoop(std::shared_ptr<const CurlSetup> setup);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  /// Starts the thread; all signals are left to the program's own threads. Errors: exhausted.
  [[nodiscard]] Result<void> open();
  /// Ends all transfers with `cancelled`, and the thread.
  void close();

  // ---- from any thread ----
  /// False: the loop is closed.
  [[nodiscard]] bool submit(std::shared_ptr<CurlTransfer> transfer);
  void post_resume(std::shared_ptr<CurlTransfer> transfer);
  void post_cancel(std::shared_ptr<CurlTransfer> transfer);
  [[nodiscard]] unsigned load() const noexcept { return load_.load(std::memory_order_relaxed); }
  [[nodiscard]] const CurlSetup& setup() const noexcept { return *setup_; }

  // ---- from its own ----
  /// libcurl is through with a transfer.
  void ended(CurlTransfer& transfer, CURLcode result);
  /// It must end.
  void end(CurlTransfer& transfer, Error why);
  /// Has itself woken up by then, and all pools tidied.
  void arm(CurlPool::Moment when);

 private:
  enum class Wish { start, resume, cancel };
  struct Command {
    std::shared_ptr<CurlTransfer> transfer;
    Wish wish;
  };

  [[nodiscard]] bool push(Command command);
  void run_commands();
  void start(const std::shared_ptr<CurlTransfer>& transfer);
  void finish(CurlTransfer& transfer, Result<Response> result);
  void deliver(CurlTransfer& transfer, Result<Response> result);
  [[nodiscard]] CurlPool& pool_of(const CurlTransfer& transfer);
  void tick();
  void shut_down();

  const std::shared_ptr<const CurlSetup> setup_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer timer_;
  CurlPool::Moment armed_ = CurlPool::Moment::max();
  CurlPool::Sockets sockets_;
  using Pools = std::unordered_map<std::string, std::unique_ptr<CurlPool>>;
  /// By identity; libcurl's, and those for uploads. The others of each for requests to public addresses alone: a
  /// connection that was opened without a look at its address is never used for them.
  std::array<Pools, 4> pools_;
  std::vector<std::shared_ptr<CurlTransfer>> active_;
  std::vector<Command> running_commands_;
  std::atomic<unsigned> load_ = 0;
  std::thread thread_;

  std::mutex mutex_;               // of what follows
  std::vector<Command> commands_;  // not taken yet
  bool scheduled_ = false;         // run_commands is on its way
  bool closed_ = false;
};

}  // namespace docupilot::inline v1::http
