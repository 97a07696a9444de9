#include <algorithm>
#include <utility>

#include <poll.h>

#include "testing/body_decoder.h"
#include "testing/canned_reply.h"
#include "testing/http_text.h"
#include "testing/proxy_connection.h"

// The downward half of ProxyConnection: replies from the server to the client.
namespace docupilot::inline v1::testing {

using Ending = RecordedConnection::Ending;

namespace {

[[noreturn]] void end_like_server() { throw ConnectionEnded{.how = Ending::closed, .polite = true}; }

}  // namespace

std::shared_ptr<ProxyConnection::Exchange> ProxyConnection::first_exchange() {
  const std::lock_guard lock(mutex_);
  return exchanges_.empty() ? nullptr : exchanges_.front();
}

void ProxyConnection::go_down() {
  down_runner_.act(down_gate_);
  for (;;) {
    if (const auto exchange = first_exchange()) {
      answer(*exchange);
      const std::lock_guard lock(mutex_);
      exchanges_.pop_front();
      continue;
    }
    if (from_server_.waiting().empty()) {
      if (!down_waker_.wait(server_->fd(), POLLIN)) continue;
      bool more = false;
      try {
        more = from_server_.fill();
      } catch (const ConnectionEnded& ended) {
        throw ended.how == Ending::broken ? ConnectionEnded{Ending::reset, "by the server"} : ended;
      }
      if (!more) end_like_server();
      // A request is entered before its first byte goes up: a reply to it finds it here.
      if (first_exchange()) continue;
    }
    const std::string_view bytes = from_server_.waiting();
    raw_down(bytes);
    from_server_.use(bytes.size());
  }
}

void ProxyConnection::raw_down(std::string_view bytes) {
  down_runner_.pass(down_gate_, bytes,
                    [this](std::string_view piece) { write_counted(client_, down_waker_, book_, number_, piece); });
  down_runner_.act(down_gate_);
}

void ProxyConnection::answer(Exchange& exchange) {
  const std::size_t number = exchange.request.number;
  FaultRunner runner(client_, down_waker_, [&](const Fault& fault) { book_.fired(number, fault); });
  ReplyWriter writer(client_, down_waker_, book_, number);
  if (exchange.script.withhold) {
    answer_withheld(exchange, runner, writer);
    return;
  }
  const std::string head = final_head();
  const int status = status_of(parse_head(head));
  book_.change_request(number, [&](RecordedRequest& page) { page.server_status = status; });
  writer.begin(status);
  const bool switched = status == 101 || (exchange.request.method == "CONNECT" && status / 100 == 2);
  if (status == 0 || switched) {
    opaque_ = true;
    writer.announce(head.size(), switched);
    writer.write(head);
    return;
  }
  stream_reply(exchange, head, runner, writer);
}

void ProxyConnection::answer_withheld(Exchange& exchange, FaultRunner& runner, ReplyWriter& writer) {
  const RecordedRequest& request = exchange.request;
  while (!exchange.is_begun) down_waker_.wait(-1, 0);
  if (!exchange.may_answer && same_name(request.header("Expect"), "100-continue")) {
    write_counted(client_, down_waker_, book_, number_, "HTTP/1.1 100 Continue\r\n\r\n");
  }
  while (!exchange.may_answer) down_waker_.wait(-1, 0);
  const EncodedReply reply = encode(*exchange.script.withhold, request.method);
  write_canned(reply, exchange.script.faults, runner, writer);
  if (reply.ends_by_closing) end_like_server();
}

std::string ProxyConnection::final_head() {
  for (;;) {
    std::string head;
    try {
      if (from_server_.begins_with("HTTP/1.")) {
        head = from_server_.take_head();
      } else {
        head = from_server_.waiting();  // unknown, and passed on at once
        from_server_.use(head.size());
      }
    } catch (const ConnectionEnded& ended) {
      throw ended.how == Ending::broken ? ConnectionEnded{Ending::reset, "by the server"} : ended;
    }
    if (head.empty()) end_like_server();
    const int status = head_size(head) ? status_of(parse_head(head)) : 0;
    if (status / 100 != 1 || status == 101) return head;
    write_counted(client_, down_waker_, book_, number_, head);
  }
}

void ProxyConnection::stream_reply(Exchange& exchange, const std::string& head, FaultRunner& runner,
                                   ReplyWriter& writer) {
  const ProxyScript& script = exchange.script;
  const RecordedRequest& request = exchange.request;
  const Head parsed = parse_head(head);
  BodyDecoder decoder(
      reply_framing(parsed, status_of(parsed), request.method).value_or(Framing{.kind = Framing::Kind::until_close}));
  std::vector<Fault> faults = faults_at(script.faults, Fault::Place::reply);
  const std::vector<Fault> more = faults_at(script.faults, Fault::Place::reply_body, head.size());
  faults.insert(faults.end(), more.begin(), more.end());
  FaultGate gate(faults);
  const bool hold = script.server_first || script.replace;
  std::string held;

  const auto down = [&](std::string_view bytes, bool last) {
    writer.announce(bytes.size(), last);
    runner.pass(gate, bytes, [&](std::string_view piece) { writer.write(piece); });
  };
  const auto take = [&](std::string_view bytes, bool last) {
    if (hold) held += bytes;
    else down(bytes, last);
  };
  take(head, decoder.done());
  bool server_ended = false;
  std::optional<ConnectionEnded> cut;
  while (!decoder.done() && !server_ended) {
    try {
      server_ended = !from_server_.fill();
    } catch (const ConnectionEnded& ended) {
      if (ended.how != Ending::broken) throw;
      cut = ConnectionEnded{Ending::reset, "by the server"};
      break;
    }
    std::string ignored;
    const std::string_view wire = from_server_.waiting();
    const std::size_t count = decoder.feed(wire, ignored);
    take(wire.substr(0, count), decoder.done());
    from_server_.use(count);
  }
  const bool whole = decoder.done() || (server_ended && decoder.until_close());
  if (script.replace && whole) {
    Reply stated = *script.replace;
    // Only the server knows whether it goes on with this connection; a client that is not told loses its next request.
    if (!stated.raw && has_token(parsed.fields, "Connection", "close")) {
      stated.headers.emplace_back("Connection", "close");
    }
    const EncodedReply reply = encode(stated, request.method);
    write_canned(reply, script.faults, runner, writer);
    if (reply.ends_by_closing) end_like_server();
  } else {
    if (hold) down(held, whole);
    else if (whole) writer.announce(0, true);
    runner.act(gate);
  }
  if (cut) {
    client_.flush(down_waker_);
    throw *cut;
  }
  if (server_ended) end_like_server();
}

}  // namespace docupilot::inline v1::testing
