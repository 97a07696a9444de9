#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <docupilot/testing/ledger.h>
#include <docupilot/testing/script.h>
#include <docupilot/testing/server_tls.h>

namespace docupilot::inline v1::testing {

struct ServerOptions {
  std::optional<ServerTls> tls = {};
  std::size_t body_limit = 1U << 20U;  ///< How much of each request's body the ledger keeps.
  /// The system's buffer for bytes that were not read yet; a small one lets a stalled upload block early. 0: its own.
  int receive_buffer = 0;
};

/// An HTTP/1.1 server inside the test's own process, which does to each request what a script says: answers it, or
/// resets, stalls, cuts and garbles at a given byte. What it saw is in the ledger.
///
///     ScriptedServer server;
///     server.push({.reply = {.status = 503}});
///     server.push({.reply = {.body = "hello"}, .faults = {Fault::reset(Fault::Place::reply_body, 3)}});
///     server.push({.reply = {.body = "hello"}});
///     const std::string text = my_program_fetches(server.url("/greeting"));
///     CHECK(text == "hello");
///     CHECK(server.ledger().faults_fired() == 1);  // or the test proved nothing
///     CHECK(server.ledger().snapshot().requests.size() == 3);
///
/// It listens on a free port of 127.0.0.1 from its construction to its end, and serves each connection on a thread of
/// its own. Constructors throw std::runtime_error when the system refuses; nothing else throws. Calls may be made from
/// any thread. The destructor ends all connections, whatever they are doing, within 250 ms, handlers aside.
class ScriptedServer {
 public:
  /// Says what to do with a request whose header block has been read, and none of its body. Called on the
  /// connection's thread; several at once where there are several connections.
  using Handler = std::function<Script(const RecordedRequest&)>;

  explicit ScriptedServer(ServerOptions options = {});
  explicit ScriptedServer(Handler handler, ServerOptions options = {});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;
  /// "http://127.0.0.1:PORT" or "https://…", with the target behind it.
  [[nodiscard]] std::string url(std::string_view target = "") const;

  /// Adds a script for the next request that has none. The queue comes before the handler; a request with neither is
  /// answered with 500 and marked as not `scripted`.
  void push(Script script);
  /// Replaces the handler, for the requests from now on.
  void handle(Handler handler);
  /// Lets `fault` (reset, close or stall) act on the next connection that has none, before TLS and before any request,
  /// once `at` bytes were taken from it. Its `place` does not matter.
  void push_connection(Fault fault);

  /// Lets go of everything that is stalled now.
  void release();
  /// Does what the destructor does. The ledger stays.
  void stop();

  [[nodiscard]] Ledger ledger() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace docupilot::inline v1::testing
