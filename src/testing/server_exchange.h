#pragma once

#include <cstddef>

#include <docupilot/testing/script.h>

#include "testing/book.h"
#include "testing/channel.h"
#include "testing/fault_runner.h"
#include "testing/message_input.h"
#include "testing/reply_writer.h"

namespace docupilot::inline v1::testing {

/// One request of a ScriptedServer, from the end of its header block to the end of its reply.
class ServerExchange {
 public:
  ServerExchange(Channel& client, MessageInput& input, Waker& waker, Book& book, const RecordedRequest& request,
                 const Script& script);

  /// False when the connection must be closed, by `Script::After` or by the way the reply ends. Throws
  /// ConnectionEnded for every other end.
  [[nodiscard]] bool run();

 private:
  void read_body();
  void write_reply();

  Channel& client_;
  MessageInput& input_;
  Waker& waker_;
  Book& book_;
  const RecordedRequest& request_;
  const Script& script_;
  FaultRunner runner_;
  ReplyWriter writer_;
  bool replied_ = false;
  bool ends_by_closing_ = false;
};

}  // namespace docupilot::inline v1::testing
