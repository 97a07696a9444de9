#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/testing/fault.h>
#include <docupilot/testing/reply.h>

namespace docupilot::inline v1::testing {

/// One request as it came, byte for byte.
struct RecordedRequest {
  std::size_t number = 0;      ///< From 0, over all connections, in the order their header blocks were complete.
  std::size_t connection = 0;  ///< Index into Record::connections.
  std::string head;            ///< Request line and fields as they came, with the empty line.
  std::string method, target, version;
  std::vector<Field> headers;  ///< In their order and spelling; blanks around a value are left out.
  std::string body;            ///< Without the framing of chunks; the first bytes, up to the body limit.
  std::uint64_t body_bytes = 0;
  bool complete = false;   ///< All of its body came.
  bool malformed = false;  ///< No HTTP/1 request, or lengths that contradict each other. Read as having no body.
  bool scripted = true;    ///< False: no script was left for it, and it was answered with 500.
  std::vector<Fault> faults_fired;
  int status = 0;  ///< Of the final reply; 0 as long as none was begun, or for one that is no HTTP.
  std::uint64_t reply_bytes = 0;
  bool reply_complete = false;           ///< Its last byte was handed to the system.
  std::optional<std::size_t> replay_of;  ///< Sent by FaultProxy::replay: the request that it repeats.

  /// The first value of that name without regard to case, or "".
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// One connection.
struct RecordedConnection {
  enum class Ending {
    open,
    left,         ///< The client closed it.
    broken,       ///< The client reset it, or a write failed.
    closed,       ///< By a script, with FIN.
    reset,        ///< By a script, with RST.
    tls_failed,   ///< No TLS connection came about. `note` says why.
    unreachable,  ///< The server behind the proxy could not be reached.
    failed,       ///< A handler threw. `note` says what.
    stopped,      ///< The server's end came first.
  };
  std::size_t number = 0;
  std::uint64_t bytes_received = 0;  ///< Inside TLS where there is TLS. So is the next.
  std::uint64_t bytes_sent = 0;
  std::size_t requests = 0;
  bool tls = false;  ///< The handshake was completed.
  Ending ending = Ending::open;
  std::string note;
  std::vector<Fault> faults_fired;  ///< Those of the connection itself; its requests have their own.
};

/// Everything that a server or proxy saw.
struct Record {
  std::vector<RecordedConnection> connections;
  std::vector<RecordedRequest> requests;

  /// How many faults acted, on connections and requests together.
  [[nodiscard]] std::size_t faults_fired() const;
  [[nodiscard]] std::size_t faults_fired(Fault::Action action) const;
};

class Book;

/// Reads what a server or proxy writes down. A handle: cheap to copy, for any thread, and good for reading after the
/// server is gone.
class Ledger {
 public:
  explicit Ledger(std::shared_ptr<const Book> book) : book_(std::move(book)) {}

  /// A copy of everything so far.
  [[nodiscard]] Record snapshot() const;
  /// Waits until `wanted` holds; false when it did not in time. `wanted` must not use the ledger itself.
  [[nodiscard]] bool wait_until(const std::function<bool(const Record&)>& wanted,
                                std::chrono::milliseconds timeout = std::chrono::seconds(10)) const;
  [[nodiscard]] std::size_t faults_fired() const;
  [[nodiscard]] std::size_t faults_fired(Fault::Action action) const;

 private:
  std::shared_ptr<const Book> book_;
};

}  // namespace docupilot::inline v1::testing
