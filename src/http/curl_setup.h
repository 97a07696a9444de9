#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <docupilot/http/transport.h>

namespace docupilot::inline v1::http {

/// What all requests of a transport have in common, looked through once. Does not change; read by all its threads.
struct CurlSetup {
  TransportOptions options;
  std::string user_agent;
  std::string no_proxy;                      ///< As libcurl takes it; this machine's own addresses are always in it.
  std::chrono::nanoseconds idle_connection;  ///< At most a year, so that it can be added to any moment.
  std::optional<Error> problem;              ///< Why no request can be sent with these options.

  explicit CurlSetup(TransportOptions given);
};

/// Sets libcurl up, once in a process, from whichever thread comes first. False: it cannot work.
[[nodiscard]] bool set_up_curl();

}  // namespace docupilot::inline v1::http
