#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/cancel.h>
#include <docupilot/base/log.h>
#include <docupilot/base/secret.h>
#include <docupilot/base/stream.h>

namespace docupilot::inline v1::http {

/// Header fields (RFC 9110, 5) in the order they are sent or came in. Names compare without regard to case; a name may
/// stand more than once. All text is kept in one piece of memory, so that many fields cost no more than a few.
class DOCUPILOT_EXPORT Headers {
 public:
  /// Valid until the headers change.
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  Headers() = default;
  Headers(std::initializer_list<Field> fields);
  Headers(const Headers& other);
  Headers& operator=(const Headers& other);
  Headers(Headers&&) noexcept = default;
  Headers& operator=(Headers&&) noexcept = default;
  ~Headers() = default;

  /// Adds one more field. Its texts may be those of fields that are here.
  Headers& add(std::string_view name, std::string_view value);
  /// Replaces all fields of that name.
  Headers& set(std::string_view name, std::string_view value);
  Headers& remove(std::string_view name);
  /// The first value of that name, or nothing. Valid until the headers change.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  /// Likewise, and "" for nothing.
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
  [[nodiscard]] const std::vector<Field>& fields() const noexcept { return fields_; }

 private:
  void take(std::vector<char>& text, const Field& field);

  std::vector<Field> fields_;  // views into text_
  std::vector<char> text_;     // also of fields that were removed; a vector keeps its place when it is moved
};

/// Where the bytes of a request come from when they are sent by `Transport::start`. Its calls are made on the
/// transport's own thread, and must not block or throw; a file whose bytes are read in pieces is fine.
class DOCUPILOT_EXPORT BodySource {
 public:
  virtual ~BodySource();
  /// Fills the front of `into`. Nothing: no bytes for now, call Transfer::resume once there are. 0: the end.
  [[nodiscard]] virtual Result<std::optional<std::size_t>> read(MutableByteView into) = 0;
  /// Its bytes lie in memory, and may be sent from where they are: then `lend` may be called in the place of `read`.
  [[nodiscard]] virtual bool lends() const { return false; }
  /// The next bytes, at most `most` and more than 0, which stay until the next call or the end of the request. Nothing:
  /// no bytes for now, as with `read`, which a source that lends must have too. Not called at the end.
  [[nodiscard]] virtual Result<std::optional<ByteView>> lend(std::size_t most);
  /// Goes back to the first byte, for another attempt; the transport itself makes only one. False: it cannot.
  [[nodiscard]] virtual bool rewind() = 0;
};

/// Where the bytes of a reply go. Like BodySource: on the transport's thread, never blocking or throwing.
class DOCUPILOT_EXPORT BodySink {
 public:
  virtual ~BodySink();
  /// Takes all of `bytes` (true) or none of them for now (false: the same bytes come again after Transfer::resume).
  [[nodiscard]] virtual Result<bool> write(ByteView bytes) = 0;
};

/// What a request may cost. Zero means none.
struct Limits {
  Duration connect = Duration::milliseconds(5'000);  ///< Until a connection stands, TLS included. Default 5 s.
  Duration stall = Duration::milliseconds(20'000);   ///< Without a byte either way; a paused body does not count.
  std::uint64_t header_bytes = 64U << 10U;           ///< Of the reply. Default 64 KiB.
  std::uint64_t body_bytes = 8U << 20U;              ///< Of a reply kept in memory. Default 8 MiB.
  std::uint64_t error_bytes = 8U << 10U;             ///< What is kept of the body of a reply that is no success.
};

/// What came back, whole.
struct Response {
  int status = 0;
  Headers headers;
  std::string body;                  ///< As far as it did not go to a writer or sink.
  bool body_is_cut = false;          ///< Of an error's body there was more than was kept, or may have been.
  std::uint64_t bytes_sent = 0;      ///< Of the body.
  std::uint64_t bytes_received = 0;  ///< Of the body.
  bool connection_was_reused = false;
  Duration elapsed;
};

/// What a URL must be like that the program did not choose itself, such as a presigned one from somebody else: https,
/// to one of these hosts and ports, and at an address of the public internet.
struct UrlRules {
  /// Names as they stand, or ".example.com" for every name below it. Empty: any.
  std::vector<std::string> hosts = {};
  std::vector<std::uint16_t> ports = {443};
  /// Lets the URL lead to this machine and into private networks. Else the address is looked at when the connection is
  /// opened, so that it does not matter what the name led to before; and there is no way through a proxy, which looks
  /// names up itself: `unsupported`.
  bool allow_private_addresses = false;
};

/// One request, as it goes on the wire. What is signed is what is sent: nothing here is normalised, added or followed.
struct Request {
  std::string method = "GET";
  /// Complete and percent-encoded; http or https. User and password in it are refused.
  std::string url;
  Headers headers;
  /// The body: in memory; or `length` bytes pulled from `reader` (by `send`, on the calling thread) or `source` (by
  /// `start`). At most one of the three. Kept alive by the caller until the request has ended.
  ByteView body = {};
  Reader* reader = nullptr;
  BodySource* source = nullptr;
  std::uint64_t length = 0;
  /// Where the body of a success (2xx) goes: into `Response::body` unless one of these is given.
  Writer* writer = nullptr;  ///< For `send`, written to on the calling thread.
  BodySink* sink = nullptr;  ///< For `start`.
  /// Called with status and headers of a success before its body comes, on the transport's thread and without blocking;
  /// what it returns as an error ends the request. For what must be known of a reply even if its body is cut.
  std::function<Result<void>(const Response& head)> on_head = {};
  /// Whether doing it twice is the same as doing it once (RFC 9110, 9.2.2). Decides whether it may go out on a
  /// connection that was used before, which may turn out dead after the request was read: `unavailable`, then.
  bool idempotent = true;
  /// Waits for "100 Continue" before it sends a body: saves sending one that is going to be refused.
  bool expect_continue = false;
  /// It goes to a service that the host keeps for this machine alone, such as instance metadata: past any proxy, and
  /// over plain http even where that is not allowed otherwise.
  bool host_service = false;
  /// The URL came from somebody else, and is asked for only within these rules; `permission_denied` where the address
  /// breaks them, else `invalid_argument`. Nothing: it is the program's own.
  std::optional<UrlRules> url_rules = {};
  /// Requests share connections only with those of the same identity: name the tenant or access key, no secret.
  std::string identity;
  Limits limits;
};

/// A request under way.
class DOCUPILOT_EXPORT Transfer {
 public:
  virtual ~Transfer();
  /// A source or sink that had to wait can go on. Any thread.
  virtual void resume() = 0;
  /// Ends it with `cancelled`, soon. Any thread; does nothing once it has ended.
  virtual void cancel() = 0;
};

/// Sends requests over HTTP/1.1, and says truly what came of them.
///
/// A Response is a complete reply of whatever status: its header block ended, and its body is as long as was announced.
/// Everything else is an error: `invalid_argument` for a request that cannot be sent as asked (a bad URL, a control
/// character in a header), `unavailable` when no reply came (the hint says at what it failed: name, connection, TLS,
/// proxy), `timeout` for the deadline, the connect limit or a stall, `corrupted` for a reply that was cut or is no
/// HTTP, `too_large` past a limit, `permission_denied` for a certificate that is not trusted, `cancelled`, and what a
/// reader, writer, source, sink or on_head returned. A failed request that is not idempotent and may have been read by
/// the server is `outcome_unknown`, unless the caller ended it: by cancelling, or by an error of those. Nothing is sent
/// twice and no redirect is followed. A success that does not announce its length is `corrupted`, since a cut could not
/// be noticed; the body of an error that does not is kept, with `body_is_cut`.
///
/// Calls may be made from any thread at any time.
class DOCUPILOT_EXPORT Transport {
 public:
  using Done = std::function<void(Result<Response>)>;

  virtual ~Transport();
  /// Returns at once. `done` is called once, on the transport's thread, even when the request cannot be sent; it must
  /// not block, throw or destroy the transport. What the request points to must live until then. Where there is no such
  /// thread (options that cannot work, after a fork, at the transport's end), it is called by `start` itself.
  virtual std::shared_ptr<Transfer> start(Request request, Done done, const Context& context = {}) = 0;
  /// Sends it and waits for its end; `reader` and `writer` are used on the calling thread, and may block.
  [[nodiscard]] virtual Result<Response> send(const Request& request, const Context& context = {}) = 0;
  /// Opens connections for requests that will come soon, until there are so many: a PUT to this URL, of this identity
  /// and with these rules and limits. A hint, which returns at once: nothing is told of what fails, and where it makes
  /// no sense nothing is done. Default: nothing.
  virtual void connect_ahead(Request like, unsigned connections);
};

struct TlsOptions {
  std::string ca_file;  ///< PEM bundle that replaces the system's. Default: the system's.
  /// PEM file of certificates that were revoked, one list for each authority that ca_file trusts and each between; a
  /// certificate whose authority has none there is refused. Default: nothing is looked up.
  std::string revoked_file;
  std::string client_certificate;  ///< PEM file. Default: none.
  std::string client_key;          ///< PEM file. Default: in the certificate's file.
  /// Accepts any certificate: whoever is in between can read and change everything. For tests alone.
  bool insecure_accept_any_certificate = false;
};

struct TransportOptions {
  unsigned threads = 1;  ///< Of the transport, started with the first request. 1 to 64.
  /// To one endpoint, for each thread and identity; and as many again for uploads (an idempotent PUT whose reply is
  /// kept in memory, past no proxy), which have their own. The next request waits for one.
  unsigned connections = 64;
  /// How long an unused one is kept. Default 4 s: S3 closes its own after 5, and a request that meets that is lost.
  Duration idle_connection = Duration::milliseconds(4'000);
  std::string proxy;                  ///< "http://host:port"; empty: none. The environment is not asked.
  Secret proxy_password;              ///< "user:password" for the proxy.
  std::vector<std::string> no_proxy;  ///< Hosts reached without it.
  TlsOptions tls;
  /// Allows http:// to hosts other than this machine's own. Requests over https never fall back to http.
  bool allow_plaintext = false;
  std::string user_agent;  ///< Default: "docupilot/VERSION".
  /// Each request that was given to the transport's thread is told when it has ended, and before its caller is: a span
  /// "http.request", and the metrics docupilot_http_requests_total (by "2xx", "4xx", ... or the error's code),
  /// _request_seconds, _sent_bytes_total, _received_bytes_total, and _connections_total for those newly made.
  Hooks hooks;
};

/// The transport over libcurl. No thread, file or socket before the first request. Destroying it cancels what is
/// under way; do so before `main` returns, since OpenSSL is gone behind it. Not for use in a child process after a
/// fork: there it answers `unsupported`.
[[nodiscard]] DOCUPILOT_EXPORT std::unique_ptr<Transport> make_transport(TransportOptions options = {});

}  // namespace docupilot::inline v1::http
