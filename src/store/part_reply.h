#pragma once

#include <docupilot/base/retry.h>
#include <docupilot/store/part_sender.h>

#include "http/verdict.h"
#include "store/store_call.h"

namespace docupilot::inline v1 {

/// What a transport's reply to a PUT of an S3 means for the part, whoever signed it; before that, it was looked at for
/// what can be mended.

/// The part or object that a success tells of. A checksum of the server's that is not the body's own: transient.
[[nodiscard]] PartReply stored_reply(const PartRequest& part, const http::Headers& headers, const StoreCall& call);
/// Verdict, error and how long to wait, of what was not stored.
[[nodiscard]] PartReply failed_reply(const PartRequest& part, const Result<http::Response>& result,
                                     const http::Judgement& judgement, Timestamp now, const RetryPolicy& policy,
                                     const StoreCall& call);

}  // namespace docupilot::inline v1
