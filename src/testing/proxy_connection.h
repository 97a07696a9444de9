#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <docupilot/testing/fault_proxy.h>

#include "testing/book.h"
#include "testing/channel.h"
#include "testing/connection_ended.h"
#include "testing/fault_runner.h"
#include "testing/message_input.h"

namespace docupilot::inline v1::testing {

class ReplyWriter;

/// What a connection asks of its proxy.
struct ProxySeams {
  std::function<ProxyScript(const RecordedRequest&)> script;
  /// More bytes of a request that is kept, as they came.
  std::function<void(std::size_t request, std::string_view bytes)> keep;
};

/// One connection of a FaultProxy: two threads, one for what goes up to the server and one for what comes down.
class ProxyConnection {
 public:
  /// `faults` are those of the connection itself, which is passed on without a look at it when `opaque`.
  ProxyConnection(Channel& client, std::unique_ptr<Channel> server, std::size_t number, Control& control, Book& book,
                  ProxySeams seams, bool opaque, const std::vector<Fault>& faults);

  /// Serves it to its end, which it throws.
  [[noreturn]] void run();

 private:
  struct Exchange {
    RecordedRequest request;
    ProxyScript script;
    std::atomic<bool> is_begun{false};    ///< Its head was read, and what happens right behind it has happened.
    std::atomic<bool> may_answer{false};  ///< A withheld request was read far enough.
  };

  void run_half(void (ProxyConnection::*half)());
  void end(ConnectionEnded how);

  void go_up();
  void request_up(const std::string& head);
  void everything_up();
  void write_to_server(std::string_view bytes);

  void go_down();
  void answer(Exchange& exchange);
  void answer_withheld(Exchange& exchange, FaultRunner& runner, ReplyWriter& writer);
  /// The header block of the final reply, interim ones passed on; or what came instead of one.
  std::string final_head();
  void stream_reply(Exchange& exchange, const std::string& head, FaultRunner& runner, ReplyWriter& writer);
  void raw_down(std::string_view bytes);
  [[nodiscard]] std::shared_ptr<Exchange> first_exchange();

  Channel& client_;
  const std::unique_ptr<Channel> server_;
  const std::size_t number_;
  Book& book_;
  const ProxySeams seams_;
  Waker up_waker_;
  Waker down_waker_;
  MessageInput from_client_;  // of the upward thread
  MessageInput from_server_;  // of the downward one
  FaultGate up_gate_;         // those of the connection
  FaultGate down_gate_;
  FaultRunner up_runner_;
  FaultRunner down_runner_;
  std::atomic<bool> opaque_;
  std::atomic<bool> client_left_{false};
  std::atomic<bool> server_broke_{false};  ///< It takes no more; set by the upward thread.

  std::mutex mutex_;  // of the two that follow
  std::deque<std::shared_ptr<Exchange>> exchanges_;
  std::optional<ConnectionEnded> end_;
};

}  // namespace docupilot::inline v1::testing
