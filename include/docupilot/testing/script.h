#pragma once

#include <functional>
#include <vector>

#include <docupilot/testing/fault.h>
#include <docupilot/testing/reply.h>

namespace docupilot::inline v1::testing {

struct RecordedRequest;

/// What a ScriptedServer does with one request.
struct Script {
  /// What becomes of the connection after the reply.
  enum class After {
    keep,   ///< The next request is awaited, unless the reply can only be ended by closing.
    close,  ///< FIN, with TLS's own goodbye before it; what still comes in is thrown away.
    reset,  ///< RST, once the reply has been delivered.
  };
  /// Whether "100 Continue" is sent before the body is read.
  enum class Interim { when_asked, never, always };

  Reply reply = {};
  /// When given, makes the reply instead, from the request with as much of its body as has been read.
  std::function<Reply(const RecordedRequest&)> respond = {};
  std::vector<Fault> faults = {};
  After after = After::keep;
  Interim interim = Interim::when_asked;
};

}  // namespace docupilot::inline v1::testing
