#include <docupilot/testing/scripted_server.h>

#include <deque>
#include <mutex>
#include <utility>

#include "testing/book.h"
#include "testing/connection_ended.h"
#include "testing/connection_fault.h"
#include "testing/listener.h"
#include "testing/message_input.h"
#include "testing/recorded_head.h"
#include "testing/server_exchange.h"
#include "testing/tls_context.h"

namespace docupilot::inline v1::testing {

using Ending = RecordedConnection::Ending;

class ScriptedServer::Impl {
 public:
  Impl(Handler first_handler, const ServerOptions& options)
      : tls(options.tls ? make_tls_context(*options.tls) : nullptr),
        handler(std::move(first_handler)),
        book(std::make_shared<Book>(options.body_limit)),
        listener(book, options.receive_buffer) {
    listener.start([this](Channel& client, std::size_t connection, Waker& waker) { serve(client, connection, waker); });
  }

  void serve(Channel& client, std::size_t connection, Waker& waker) {
    if (const auto fault = take_connection_fault()) act_on_connection(*fault, client, connection, waker, *book);
    if (tls) {
      client.accept_tls(tls.get(), waker);
      book->change_connection(connection, [](RecordedConnection& page) { page.tls = true; });
    }
    MessageInput input(client, waker, book.get(), connection);
    for (;;) {
      const std::string head = input.take_head();
      if (head.empty()) throw ConnectionEnded{Ending::left};
      RecordedRequest request = recorded_head(head, connection);
      std::optional<Script> queued = take_script();
      const Handler handle = current_handler();
      request.scripted = queued || handle;
      request = book->enter(std::move(request));
      const Script script = queued   ? std::move(*queued)
                            : handle ? handle(request)
                                     : Script{.reply = {.status = 500, .body = "no script is left for this request\n"}};
      ServerExchange exchange(client, input, waker, *book, request, script);
      if (!exchange.run()) break;
    }
    book->ended(connection, Ending::closed, "");
    client.finish(waker, true);
  }

  std::optional<Fault> take_connection_fault() {
    const std::lock_guard lock(mutex);
    if (connection_faults.empty()) return std::nullopt;
    const Fault fault = connection_faults.front();
    connection_faults.pop_front();
    return fault;
  }

  std::optional<Script> take_script() {
    const std::lock_guard lock(mutex);
    if (scripts.empty()) return std::nullopt;
    Script script = std::move(scripts.front());
    scripts.pop_front();
    return script;
  }

  Handler current_handler() {
    const std::lock_guard lock(mutex);
    return handler;
  }

  TlsContext tls;
  std::mutex mutex;  // of the three that follow
  Handler handler;
  std::deque<Script> scripts;
  std::deque<Fault> connection_faults;
  std::shared_ptr<Book> book;
  Listener listener;  // last: its threads use all of the above
};

ScriptedServer::ScriptedServer(ServerOptions options) : ScriptedServer(Handler(), std::move(options)) {}

ScriptedServer::ScriptedServer(Handler handler, ServerOptions options)
    : impl_(std::make_unique<Impl>(std::move(handler), options)) {}

ScriptedServer::~ScriptedServer() = default;

std::uint16_t ScriptedServer::port() const noexcept { return impl_->listener.port(); }

std::string ScriptedServer::url(std::string_view target) const {
  return (impl_->tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port()) + std::string(target);
}

void ScriptedServer::push(Script script) {
  const std::lock_guard lock(impl_->mutex);
  impl_->scripts.push_back(std::move(script));
}

void ScriptedServer::handle(Handler handler) {
  const std::lock_guard lock(impl_->mutex);
  impl_->handler = std::move(handler);
}

void ScriptedServer::push_connection(Fault fault) {
  const std::lock_guard lock(impl_->mutex);
  impl_->connection_faults.push_back(fault);
}

void ScriptedServer::release() { impl_->listener.control().release(); }

void ScriptedServer::stop() { impl_->listener.stop(); }

Ledger ScriptedServer::ledger() const { return Ledger(impl_->book); }

}  // namespace docupilot::inline v1::testing
