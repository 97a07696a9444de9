#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <vector>

#include <docupilot/http/transport.h>

#include "http/curl_setup.h"

namespace docupilot::inline v1::http {

class CurlLoop;

/// The transport over libcurl: requests are spread over a few loops, each of them one thread, and each of these opened
/// when it is first needed.
class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(TransportOptions options);
  ~CurlTransport() override;
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  std::shared_ptr<Transfer> start(Request request, Done done, const Context& context) override;
  void connect_ahead(Request like, unsigned connections) override;
  [[nodiscard]] Result<Response> send(const Request& request, const Context& context) override;

 private:
  /// The loop for the next request: an idle one that is open, else a new one, else the one with the least to do.
  [[nodiscard]] Result<std::shared_ptr<CurlLoop>> loop();
  [[nodiscard]] Result<std::shared_ptr<CurlLoop>> open_loop();

  const std::shared_ptr<const CurlSetup> setup_;
  const pid_t process_;
  std::mutex mutex_;                              // of loops_
  std::vector<std::shared_ptr<CurlLoop>> loops_;  // a transfer that outlives the transport keeps its own
};

}  // namespace docupilot::inline v1::http
