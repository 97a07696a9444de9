#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "body.h"
#include "channel.h"
#include "counters.h"
#include "mode.h"
#include "reply.h"
#include "signature.h"
#include "store.h"

namespace sink {

/// The sink's answers. One for the program; `serve` is called by a thread for each connection.
///
/// Besides S3, by path: GET /_counters, GET /_report (what is stored, and what verify mode refused), POST /_reset
/// (forgets both), POST /_mode?mode=...(Mode::from_query). These are not counted, checked or delayed.
class Service {
 public:
  explicit Service(Key key) : key_(std::move(key)), store_(counters_) {}

  /// Answers requests until the connection ends.
  void serve(Channel& channel);

 private:
  /// False: the connection is to end.
  [[nodiscard]] bool answer(Channel& channel, const Request& request);
  [[nodiscard]] bool answer_control(Channel& channel, const Request& request);
  /// A PUT of bytes. Nothing: the connection was cut on purpose.
  [[nodiscard]] std::optional<Reply> take_bytes(const Mode& mode, Channel& channel, Body& body, const Request& request);
  [[nodiscard]] Reply act(const Mode& mode, Body& body, const Request& request);
  [[nodiscard]] Reply act_on_bucket(const Request& request);
  /// The body, checked as `mode` asks; refuses in `fault`.
  [[nodiscard]] Payload check(const Mode& mode, Body& body, const Request& request, bool of_object);
  void note_breach(const Request& request, const Refusal& refusal);

  const Key key_;
  Counters counters_;
  Store store_;
  std::mutex mutex_;
  std::shared_ptr<const Mode> mode_ = std::make_shared<const Mode>();
  std::vector<std::string> breaches_;
};

}  // namespace sink
