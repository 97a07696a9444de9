#include "testing/proxy_connection.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <thread>
#include <utility>

#include "testing/body_decoder.h"
#include "testing/http_text.h"
#include "testing/recorded_head.h"

namespace docupilot::inline v1::testing {

using Ending = RecordedConnection::Ending;

ProxyConnection::ProxyConnection(Channel& client, std::unique_ptr<Channel> server, std::size_t number, Control& control,
                                 Book& book, ProxySeams seams, bool opaque, const std::vector<Fault>& faults)
    : client_(client),
      server_(std::move(server)),
      number_(number),
      book_(book),
      seams_(std::move(seams)),
      up_waker_(control),
      down_waker_(control),
      from_client_(client, up_waker_, &book, number),
      from_server_(*server_, down_waker_, nullptr, number),
      up_gate_(faults_at(faults, Fault::Place::request_body)),
      down_gate_(faults_at(faults, Fault::Place::reply)),
      up_runner_(client, up_waker_, [this](const Fault& fault) { book_.fired_on_connection(number_, fault); }),
      down_runner_(client, down_waker_, [this](const Fault& fault) { book_.fired_on_connection(number_, fault); }),
      opaque_(opaque) {}

void ProxyConnection::run() {
  std::thread down([this] { run_half(&ProxyConnection::go_down); });
  run_half(&ProxyConnection::go_up);
  // The client may have closed its half alone: the rest of the replies still goes down to it.
  down.join();
  ConnectionEnded how = end_.value_or(ConnectionEnded{Ending::left});
  if (server_broke_ && how.how == Ending::closed) how = {Ending::reset, "by the server"};
  if (how.how == Ending::reset || how.how == Ending::broken) server_->reset();
  if (how.how == Ending::closed && client_left_) how.how = Ending::left;
  throw how;
}

void ProxyConnection::run_half(void (ProxyConnection::*half)()) {
  try {
    (this->*half)();
  } catch (ConnectionEnded& ended) {
    end(std::move(ended));
  } catch (const std::exception& thrown) {
    end({Ending::failed, thrown.what()});
  } catch (...) {
    end({Ending::failed, "something that is no std::exception"});
  }
}

/// The first end is the one that counts; the other half is told to stop.
void ProxyConnection::end(ConnectionEnded how) {
  {
    const std::lock_guard lock(mutex_);
    if (!end_) end_ = std::move(how);
  }
  up_waker_.interrupt();
  down_waker_.interrupt();
}

void ProxyConnection::go_up() {
  up_runner_.act(up_gate_);
  while (from_client_.fill()) {
    // After a switch of protocols the client's next bytes come when `opaque_` is set: it waits for the server's word.
    if (!opaque_ && !from_client_.may_be_request()) opaque_ = true;
    if (opaque_) break;
    request_up(from_client_.take_head());
  }
  if (opaque_) everything_up();
  client_left_ = true;
  server_->end_writing();
}

void ProxyConnection::request_up(const std::string& head) {
  RecordedRequest entered = book_.enter(recorded_head(head, number_));
  if (entered.malformed) {
    opaque_ = true;
    write_to_server(head);
    return;
  }
  const auto exchange = std::make_shared<Exchange>();
  exchange->script = seams_.script(entered);
  exchange->request = std::move(entered);
  const ProxyScript& script = exchange->script;
  const std::size_t number = exchange->request.number;
  {
    const std::lock_guard lock(mutex_);
    exchanges_.push_back(exchange);
  }
  down_waker_.nudge();
  const auto deliver = [&](std::string_view bytes) {
    if (script.keep) seams_.keep(number, bytes);
    if (!script.withhold) write_to_server(bytes);
  };
  const auto answer_now = [&] {
    exchange->may_answer = true;
    down_waker_.nudge();
  };

  BodyDecoder decoder(request_framing(parse_head(head)).value_or(Framing{}));
  FaultGate gate(faults_at(script.faults, Fault::Place::request_body));
  FaultRunner runner(client_, up_waker_, [&](const Fault& fault) { book_.fired(number, fault); });
  const auto note_end = [&] {
    if (decoder.done()) book_.change_request(number, [](RecordedRequest& page) { page.complete = true; });
  };
  note_end();
  deliver(head);
  runner.act(gate, answer_now);
  exchange->is_begun = true;
  down_waker_.nudge();
  while (!decoder.done()) {
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(gate.allowance(), 16U << 10U));
    if (!from_client_.fill(most)) return;  // the end of what the client says is passed on by go_up
    std::string content;
    const std::string_view wire = from_client_.waiting().substr(0, most);
    const std::size_t count = decoder.feed(wire, content);
    book_.body(number, content);
    note_end();
    runner.pass(gate, wire.substr(0, count), deliver, answer_now);
    from_client_.use(count);
    runner.act(gate, answer_now);
  }
  answer_now();
}

/// A server that breaks off may have said why. So this is no end yet: `go_down` passes on what it said, and then ends.
void ProxyConnection::write_to_server(std::string_view bytes) {
  if (server_broke_) return;
  try {
    server_->write(bytes, up_waker_);
  } catch (const ConnectionEnded& ended) {
    if (ended.how != Ending::broken) throw;
    server_broke_ = true;
  }
}

void ProxyConnection::everything_up() {
  while (from_client_.fill()) {
    const std::string_view bytes = from_client_.waiting();
    up_runner_.pass(up_gate_, bytes, [this](std::string_view piece) { write_to_server(piece); });
    from_client_.use(bytes.size());
    up_runner_.act(up_gate_);
  }
}

}  // namespace docupilot::inline v1::testing
