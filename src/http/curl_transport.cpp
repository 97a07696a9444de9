#include "http/curl_transport.h"

#include <unistd.h>

#include <algorithm>
#include <new>

#include "base/try.h"
#include "http/curl_loop.h"
#include "http/curl_transfer.h"
#include "http/send_call.h"

namespace docupilot::inline v1::http {

namespace {

// What `start` gives back when nothing is under way.
class EndedTransfer final : public Transfer {
 public:
  void resume() override {}
  void cancel() override {}
};

Error closing() { return Error(ErrorCode::cancelled, "the transport is being closed").operation("request"); }

}  // namespace

CurlTransport::CurlTransport(TransportOptions options)
    : setup_(std::make_shared<CurlSetup>(std::move(options))), process_(::getpid()) {
  if (setup_->options.tls.insecure_accept_any_certificate && setup_->options.hooks.log) {
    setup_->options.hooks.log({.level = LogLevel::warning,
                               .component = "http",
                               .message = "certificates are not checked: everybody on the way can read and change "
                                          "what is sent (insecure_accept_any_certificate)"});
  }
}

CurlTransport::~CurlTransport() {
  if (::getpid() == process_) {
    for (const auto& loop : loops_) loop->close();
    return;
  }
  // In a child after a fork the threads are not there, and sockets and epoll are shared with the parent: closing them
  // properly would end the parent's connections. They are left alone, and go with the process.
  for (auto& loop : loops_) {
    static_cast<void>(new (std::nothrow) std::shared_ptr<CurlLoop>(std::move(loop)));
  }
}

Result<std::shared_ptr<CurlLoop>> CurlTransport::open_loop() {
  try {
    auto loop = std::make_shared<CurlLoop>(setup_);
    DOCUPILOT_CHECK(loop->open());
    loops_.push_back(loop);
    return loop;
  } catch (const std::exception& problem) {  // epoll and its friends, for want of descriptors
    return Error(ErrorCode::exhausted, std::string("the transport cannot be started: ") + problem.what())
        .operation("request")
        .hint("raise the limit of open files (ulimit -n)");
  }
}

Result<std::shared_ptr<CurlLoop>> CurlTransport::loop() {
  if (setup_->problem) return Error(*setup_->problem);
  if (::getpid() != process_) {
    return Error(ErrorCode::unsupported, "this transport belongs to the process that forked this one")
        .operation("request")
        .hint("make a transport of its own in the child");
  }
  if (!set_up_curl()) {
    return Error(ErrorCode::unsupported, "libcurl cannot be set up").operation("request");
  }
  const std::lock_guard lock(mutex_);
  std::shared_ptr<CurlLoop>* best = nullptr;
  for (auto& loop : loops_) {
    if (best == nullptr || loop->load() < (*best)->load()) best = &loop;
    if ((*best)->load() == 0) break;
  }
  if (best == nullptr || ((*best)->load() > 0 && loops_.size() < setup_->options.threads)) return open_loop();
  return *best;
}

std::shared_ptr<Transfer> CurlTransport::start(Request request, Done done, const Context& context) {
  auto loop = this->loop();
  if (!loop) {
    done(std::move(loop).error());
    return std::make_shared<EndedTransfer>();
  }
  auto transfer = std::make_shared<CurlTransfer>(*loop, std::move(request), context, std::move(done));
  if (!(*loop)->submit(transfer)) transfer->deliver(closing());
  return transfer;
}

void CurlTransport::connect_ahead(Request like, unsigned connections) {
  // Behind a proxy requests do not go by the pool for uploads, whose connections these are.
  if (!setup_->options.proxy.empty() || setup_->idle_connection <= std::chrono::nanoseconds::zero()) return;
  const unsigned threads = std::max(setup_->options.threads, 1U);
  connections = std::min(connections, setup_->options.connections);
  const unsigned for_each = connections / threads + (connections % threads > 0 ? 1 : 0);
  like.method = "PUT";
  like.idempotent = true;
  for (unsigned i = 0; i < connections; ++i) {
    const auto loop = this->loop();
    if (!loop) return;
    const auto transfer = std::make_shared<CurlTransfer>(*loop, like, for_each);
    if (!(*loop)->submit(transfer)) return;
  }
}

Result<Response> CurlTransport::send(const Request& request, const Context& context) {
  DOCUPILOT_CHECK(context.check("request"));
  DOCUPILOT_TRY(CheckedRequest checked, check_request(request, setup_->options.allow_plaintext));
  DOCUPILOT_TRY(const auto loop, this->loop());
  const auto call = std::make_shared<SendCall>(request, context);
  const auto transfer = std::make_shared<CurlTransfer>(
      loop, &request, std::move(checked), call->bodies(), context,
      [waiting = call.get()](Result<Response> result) { waiting->finish(std::move(result)); }, call);
  if (!loop->submit(transfer)) return closing();
  return call->run(*transfer);
}

}  // namespace docupilot::inline v1::http
