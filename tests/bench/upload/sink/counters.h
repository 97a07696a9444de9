#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace sink {

/// What the sink has seen since it was started or reset. Any thread.
struct Counters {
  using Count = std::atomic<std::uint64_t>;
  Count connections = 0;  ///< That brought a request.
  Count requests = 0;
  Count expect = 0;      ///< Requests that asked whether to go on.
  Count put_object = 0;  ///< Tries, not successes; so are the next.
  Count put_part = 0;
  Count create = 0;
  Count complete = 0;
  Count abort = 0;
  Count list_parts = 0;
  Count body_bytes = 0;  ///< Of objects and parts, as they came over the wire, framing of HTTP and TLS left out.
  Count data_bytes = 0;  ///< What of them became objects or parts.
  Count acknowledged_bytes = 0;  ///< Of parts whose success was told.
  Count acknowledged_again = 0;  ///< Parts that came once more after their success had been told.
  Count acknowledged_again_bytes = 0;
  Count error_500 = 0;  ///< Faults made on purpose, and the next three.
  Count slow_down_503 = 0;
  Count reset = 0;
  Count stall = 0;
  Count breaches = 0;  ///< Requests that verify mode refused.

  void clear();
  /// As a JSON object.
  [[nodiscard]] std::string json() const;
};

}  // namespace sink
