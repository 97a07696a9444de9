#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/testing/fault.h>
#include <docupilot/testing/ledger.h>
#include <docupilot/testing/reply.h>
#include <docupilot/testing/server_tls.h>

namespace docupilot::inline v1::testing {

/// What a FaultProxy does with one request. By default it passes request and reply on as they are.
struct ProxyScript {
  /// Faults in the request's body on its way to the server, and in the reply on its way to the client. A connection
  /// that is closed or reset towards the client is so towards the server. `reply_early` is for `withhold` alone.
  std::vector<Fault> faults = {};
  /// The server's reply is read to its end, and kept in memory, before the client gets its first byte: with a reset at
  /// byte 0, the request has had its effect and its client does not know.
  bool server_first = false;
  /// Given to the client in the place of the server's reply, once that has come whole: the effect of a success that
  /// looks like a failure. Where the server says `Connection: close`, so does this reply (unless it is `Reply::raw`).
  std::optional<Reply> replace = {};
  /// Given to the client once its request was read, of which the server sees nothing.
  std::optional<Reply> withhold = {};
  /// The request is kept, so that `FaultProxy::replay` can send it later.
  bool keep = false;
};

struct ProxyOptions {
  std::size_t body_limit = 64U << 10U;  ///< How much of each request's body the ledger keeps.
  int receive_buffer = 0;               ///< As ServerOptions::receive_buffer.
  std::optional<ServerTls> tls = {};    ///< TLS towards the client. Towards the server there is none.
  /// Looks at no HTTP: bytes are passed on, TLS as well, and faults are those of `script_connection`.
  bool opaque = false;
};

/// A proxy in front of a real server, in the test's own process, that passes every byte on unchanged except where a
/// script says otherwise. Its clients connect to it in the place of the server. It keeps a ledger as ScriptedServer
/// does.
///
///     FaultProxy proxy("127.0.0.1", port_of_the_real_server);
///     proxy.script(0, {.faults = {Fault::reset(Fault::Place::reply, 0)}, .server_first = true});
///     CHECK(my_program_uploads(proxy.url("/bucket/key")) == Outcome::done);  // it has tried again
///     CHECK(proxy.ledger().faults_fired() == 1);
///     CHECK(proxy.ledger().snapshot().requests[0].server_status == 200);  // the first one had its effect
///
/// What is not HTTP/1, and all that follows a switch of protocols or a CONNECT, passes unchanged. Threads, exceptions
/// and the time to its end are as with ScriptedServer; a name of the server is looked up anew for each connection.
class FaultProxy {
 public:
  /// Says what to do with a request whose header block has been read. As ScriptedServer::Handler.
  using Handler = std::function<ProxyScript(const RecordedRequest&)>;

  FaultProxy(std::string server_host, std::uint16_t server_port, ProxyOptions options = {});
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] std::string url(std::string_view target = "") const;

  /// For the request with that number in the ledger. Comes before the handler.
  void script(std::size_t request, ProxyScript script);
  /// Replaces the handler, for the requests from now on.
  void handle(Handler handler);
  /// For the connection with that number, when `opaque`: faults at Place::request_body count all that its client
  /// sends, those at Place::reply all that the server does.
  void script_connection(std::size_t connection, std::vector<Fault> faults);

  /// Sends a request that was kept, byte for byte, over a connection of its own, waits for the reply and returns it as
  /// it came. Throws std::runtime_error when the request was not kept or not whole, or no whole reply came.
  std::string replay(std::size_t request);

  void release();
  void stop();
  [[nodiscard]] Ledger ledger() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace docupilot::inline v1::testing
