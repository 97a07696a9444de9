#include "testing/server_exchange.h"

#include <algorithm>
#include <string>
#include <vector>

#include "testing/body_decoder.h"
#include "testing/connection_ended.h"
#include "testing/encoded_reply.h"
#include "testing/http_text.h"

namespace docupilot::inline v1::testing {

using Ending = RecordedConnection::Ending;

ServerExchange::ServerExchange(Channel& client, MessageInput& input, Waker& waker, Book& book,
                               const RecordedRequest& request, const Script& script)
    : client_(client),
      input_(input),
      waker_(waker),
      book_(book),
      request_(request),
      script_(script),
      runner_(client, waker, book, request.number),
      writer_(client, waker, book, request.number) {}

bool ServerExchange::run() {
  read_body();
  if (!replied_) write_reply();
  if (script_.after == Script::After::reset) {
    client_.flush(waker_);
    throw ConnectionEnded{Ending::reset};
  }
  return script_.after == Script::After::keep && !ends_by_closing_ && !request_.malformed &&
         !has_token(request_.headers, "Connection", "close");
}

void ServerExchange::read_body() {
  const Head head = parse_head(request_.head);
  BodyDecoder decoder(request_framing(head).value_or(Framing{}));
  FaultGate gate(faults_at(script_.faults, Fault::Place::request_body));
  const auto reply_early = [this] { write_reply(); };
  const bool asked = same_name(find_field(head.fields, "Expect"), "100-continue") && !decoder.done();
  runner_.act(gate, reply_early);
  // Who asked whether to send the body, and has been answered, does not send it.
  if (asked && replied_) return;
  if (!replied_ && script_.interim != Script::Interim::never && (asked || script_.interim == Script::Interim::always)) {
    writer_.interim("HTTP/1.1 100 Continue\r\n\r\n");
  }
  while (!decoder.done()) {
    runner_.act(gate, reply_early);
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(gate.allowance(), 16U << 10U));
    if (!input_.fill(most)) throw ConnectionEnded{Ending::left};
    std::string content;
    const std::string_view wire = input_.waiting().substr(0, most);
    const std::size_t count = decoder.feed(wire, content);
    runner_.pass(gate, wire.substr(0, count), [](std::string_view) {});
    input_.use(count);
    book_.body(request_.number, content);
  }
  book_.change_request(request_.number, [](RecordedRequest& page) { page.complete = true; });
  runner_.act(gate, reply_early);
}

void ServerExchange::write_reply() {
  replied_ = true;
  const EncodedReply encoded =
      encode(script_.respond ? script_.respond(book_.request(request_.number)) : script_.reply, request_.method);
  ends_by_closing_ = encoded.ends_by_closing;
  book_.change_request(request_.number, [&](RecordedRequest& page) { page.status = encoded.status; });

  std::vector<Fault> faults = faults_at(script_.faults, Fault::Place::reply);
  for (const auto& more : {faults_at(script_.faults, Fault::Place::reply_body, encoded.head.size()),
                           faults_at(encoded.pace, Fault::Place::reply_body, encoded.head.size())}) {
    faults.insert(faults.end(), more.begin(), more.end());
  }
  FaultGate gate(faults);
  writer_.announce(encoded.head.size() + encoded.body.size(), true);
  const auto deliver = [this](std::string_view piece) { writer_.write(piece); };
  // In one piece when it is small, so that it is one packet for the client, as from other servers.
  const bool small = encoded.head.size() + encoded.body.size() <= 16U << 10U;
  runner_.pass(gate, small ? encoded.head + encoded.body : encoded.head, deliver);
  if (!small) runner_.pass(gate, encoded.body, deliver);
  runner_.act(gate);
}

}  // namespace docupilot::inline v1::testing
