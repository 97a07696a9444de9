#include <docupilot/testing/fault_proxy.h>

#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "testing/body_decoder.h"
#include "testing/book.h"
#include "testing/connection_ended.h"
#include "testing/http_text.h"
#include "testing/listener.h"
#include "testing/message_input.h"
#include "testing/proxy_connection.h"
#include "testing/recorded_head.h"
#include "testing/tls_context.h"

namespace docupilot::inline v1::testing {

using Ending = RecordedConnection::Ending;

class FaultProxy::Impl {
 public:
  Impl(std::string server_host, std::uint16_t server_port, const ProxyOptions& options)
      : host(std::move(server_host)),
        server(server_port),
        opaque(options.opaque),
        tls(options.tls ? make_tls_context(*options.tls) : nullptr),
        book(std::make_shared<Book>(options.body_limit)),
        listener(book, options.receive_buffer) {
    listener.start([this](Channel& client, std::size_t connection, Waker& waker) { serve(client, connection, waker); });
  }

  void serve(Channel& client, std::size_t connection, Waker& waker) {
    if (tls) {
      client.accept_tls(tls.get(), waker);
      book->change_connection(connection, [](RecordedConnection& page) { page.tls = true; });
    }
    ProxyConnection(client, Channel::connect(host.c_str(), server, waker), connection, listener.control(), *book,
                    {.script = [this](const RecordedRequest& request) { return script_for(request); },
                     .keep = [this](std::size_t request, std::string_view bytes) { keep(request, bytes); }},
                    opaque, faults_for(connection))
        .run();
  }

  ProxyScript script_for(const RecordedRequest& request) {
    Handler handle;
    {
      const std::lock_guard lock(mutex);
      if (const auto found = scripts.find(request.number); found != scripts.end()) return found->second;
      handle = handler;
    }
    return handle ? handle(request) : ProxyScript{};
  }

  std::vector<Fault> faults_for(std::size_t connection) {
    const std::lock_guard lock(mutex);
    const auto found = connection_faults.find(connection);
    return found != connection_faults.end() ? found->second : std::vector<Fault>{};
  }

  void keep(std::size_t request, std::string_view bytes) {
    const std::lock_guard lock(mutex);
    kept[request] += bytes;
  }

  std::string kept_bytes(std::size_t request) {
    const Record record = book->snapshot();
    if (request >= record.requests.size()) throw std::runtime_error("there is no such request");
    if (!record.requests[request].complete) throw std::runtime_error("it did not come whole");
    const std::lock_guard lock(mutex);
    const auto found = kept.find(request);
    if (found == kept.end()) throw std::runtime_error("it was not kept: set ProxyScript::keep");
    return found->second;
  }

  /// The final reply to bytes that are one request.
  std::string send_alone(const std::string& bytes, std::size_t original, std::size_t connection) {
    Waker waker(listener.control());
    const auto channel = Channel::connect(host.c_str(), server, waker);
    RecordedRequest again = recorded_head(bytes.substr(0, head_size(bytes).value_or(0)), connection);
    again.complete = true;
    again.replay_of = original;
    again = book->enter(std::move(again));
    channel->write(bytes, waker);
    MessageInput input(*channel, waker, nullptr, connection);
    for (;;) {
      std::string reply = input.take_head();
      const Head head = parse_head(reply);
      const int status = head_size(reply) ? status_of(head) : 0;
      if (status == 0) throw std::runtime_error("no HTTP reply came");
      if (status / 100 == 1) continue;
      book->change_request(again.number, [&](RecordedRequest& page) { page.server_status = status; });
      BodyDecoder decoder(
          reply_framing(head, status, again.method).value_or(Framing{.kind = Framing::Kind::until_close}));
      while (!decoder.done() && input.fill()) {
        std::string ignored;
        const std::size_t count = decoder.feed(input.waiting(), ignored);
        reply += input.waiting().substr(0, count);
        input.use(count);
      }
      if (!decoder.done() && !decoder.until_close()) throw std::runtime_error("the reply was cut");
      return reply;
    }
  }

  std::string replay(std::size_t request) {
    const std::string where = "replaying request " + std::to_string(request) + ": ";
    std::optional<std::size_t> connection;
    const auto ended = [&](Ending how, const std::string& note) {
      if (connection) book->ended(*connection, how, note);
    };
    try {
      const std::string bytes = kept_bytes(request);
      connection = book->connect();
      std::string reply = send_alone(bytes, request, *connection);
      ended(Ending::closed, "");
      return reply;
    } catch (const ConnectionEnded& end) {
      ended(end.how, end.note);
      throw std::runtime_error(where + "the connection ended" + (end.note.empty() ? "" : ": " + end.note));
    } catch (const std::runtime_error& failed) {
      ended(Ending::failed, failed.what());
      throw std::runtime_error(where + failed.what());
    }
  }

  const std::string host;
  const std::uint16_t server;
  const bool opaque;
  TlsContext tls;
  std::mutex mutex;  // of the four that follow
  Handler handler;
  std::map<std::size_t, ProxyScript> scripts;
  std::map<std::size_t, std::vector<Fault>> connection_faults;
  std::map<std::size_t, std::string> kept;
  std::shared_ptr<Book> book;
  Listener listener;  // last: its threads use all of the above
};

FaultProxy::FaultProxy(std::string server_host, std::uint16_t server_port, ProxyOptions options)
    : impl_(std::make_unique<Impl>(std::move(server_host), server_port, options)) {}

FaultProxy::~FaultProxy() = default;

std::uint16_t FaultProxy::port() const noexcept { return impl_->listener.port(); }

std::string FaultProxy::url(std::string_view target) const {
  return (impl_->tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port()) + std::string(target);
}

void FaultProxy::script(std::size_t request, ProxyScript script) {
  const std::lock_guard lock(impl_->mutex);
  impl_->scripts[request] = std::move(script);
}

void FaultProxy::handle(Handler handler) {
  const std::lock_guard lock(impl_->mutex);
  impl_->handler = std::move(handler);
}

void FaultProxy::script_connection(std::size_t connection, std::vector<Fault> faults) {
  const std::lock_guard lock(impl_->mutex);
  impl_->connection_faults[connection] = std::move(faults);
}

std::string FaultProxy::replay(std::size_t request) { return impl_->replay(request); }

void FaultProxy::release() { impl_->listener.control().release(); }

void FaultProxy::stop() { impl_->listener.stop(); }

Ledger FaultProxy::ledger() const { return Ledger(impl_->book); }

}  // namespace docupilot::inline v1::testing
