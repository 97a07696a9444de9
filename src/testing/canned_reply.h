#pragma once

#include <vector>

#include "testing/encoded_reply.h"
#include "testing/fault_runner.h"
#include "testing/reply_writer.h"

namespace docupilot::inline v1::testing {

/// Writes a canned reply with those of `faults` that count its bytes.
void write_canned(const EncodedReply& reply, const std::vector<Fault>& faults, FaultRunner& runner,
                  ReplyWriter& writer);

}  // namespace docupilot::inline v1::testing
