#include "store/part_reply.h"

#include <algorithm>

#include "http/retry_after.h"
#include "store/s3_body.h"
#include "store/s3_errors.h"
#include "store/s3_object_store.h"

namespace docupilot::inline v1 {

PartReply stored_reply(const PartRequest& part, const http::Headers& headers, const StoreCall& call) {
  const auto crc = part.body->crc64nvme();
  const auto told = s3::told_checksum(headers);
  if (crc && told && *crc != *told) {
    return {.verdict = PartVerdict::transient,
            .error = call.error(ErrorCode::corrupted, "the server stored other bytes than were sent",
                                "the bytes changed on their way: send them again")};
  }
  PartReply reply{.verdict = PartVerdict::stored};
  if (part.number == 0) {
    auto object = s3::written_object(call, headers, part.body->size(), part.target->options);
    if (!object) return {.error = std::move(object).error()};
    reply.object = *std::move(object);
    reply.object.crc64nvme = crc ? crc : told;
  } else {
    auto etag = s3::written_etag(call, headers);
    if (!etag) return {.error = std::move(etag).error()};
    reply.part = {.number = part.number, .size = part.body->size(), .etag = *std::move(etag), .crc64nvme = crc};
  }
  return reply;
}

PartReply failed_reply(const PartRequest& part, const Result<http::Response>& result, const http::Judgement& judgement,
                       Timestamp now, const RetryPolicy& policy, const StoreCall& call) {
  PartReply reply;
  Error error = call.name(judgement.error ? *judgement.error : result.error());
  if (judgement.verdict == http::Verdict::transient) reply.verdict = PartVerdict::transient;
  const bool busy = result && result->status == 503 && judgement.verdict == http::Verdict::transient;
  if (busy || judgement.verdict == http::Verdict::throttled) reply.verdict = PartVerdict::throttled;
  if (!result) {
    if (auto going = call.check(); !going) reply = {.error = std::move(going).error()};
  } else if (part.number != 0 && s3::is_unknown_upload(error)) {
    reply.verdict = PartVerdict::no_upload;
    error = call.instead(call.no_upload(), error);
  } else if (error.code() == ErrorCode::corrupted) {
    reply.verdict = PartVerdict::transient;  // on their way
  }
  if (const auto hint = result ? http::server_hint(result->headers, now) : std::nullopt) {
    reply.wait = hint->aws ? hint->delay : std::min(hint->delay, policy.longest_hint);
    reply.asked_by_aws = hint->aws;
  }
  if (!reply.error) reply.error = std::move(error);
  return reply;
}

}  // namespace docupilot::inline v1
