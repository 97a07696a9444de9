#include "testing/canned_reply.h"

namespace docupilot::inline v1::testing {

void write_canned(const EncodedReply& reply, const std::vector<Fault>& faults, FaultRunner& runner,
                  ReplyWriter& writer) {
  writer.begin(reply.status);
  std::vector<Fault> all = faults_at(faults, Fault::Place::reply);
  for (const auto& more : {faults_at(faults, Fault::Place::reply_body, reply.head.size()),
                           faults_at(reply.pace, Fault::Place::reply_body, reply.head.size())}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  FaultGate gate(all);
  writer.announce(reply.head.size() + reply.body.size(), true);
  const auto deliver = [&](std::string_view piece) { writer.write(piece); };
  // In one piece when it is small, so that it is one packet for the client, as from other servers.
  const bool small = reply.head.size() + reply.body.size() <= 16U << 10U;
  runner.pass(gate, small ? reply.head + reply.body : reply.head, deliver);
  if (!small) runner.pass(gate, reply.body, deliver);
  runner.act(gate);
}

}  // namespace docupilot::inline v1::testing
