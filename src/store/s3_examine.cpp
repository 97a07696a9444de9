#include "http/clock_skew.h"
#include "store/s3_object_store.h"

namespace docupilot::inline v1 {

namespace {

using Level = Finding::Level;

constexpr Duration tolerable_skew = Duration::milliseconds(60'000);

Finding finding(Level level, std::string message, std::string hint = {}) {
  return {level, "store", std::move(message), std::move(hint)};
}

/// Requests are dated by the server's clock once it refused one; what others do with a presigned URL is not.
std::optional<Finding> judge_clock(Duration offset) {
  const bool behind = offset > Duration();
  const Duration length(behind ? offset.nanoseconds() : -offset.nanoseconds());
  if (length < tolerable_skew) return std::nullopt;
  return finding(Level::warning,
                 "the clock of this machine is " + std::to_string(length.nanoseconds() / 1'000'000'000) + " s " +
                     (behind ? "behind" : "ahead of") + " the server's: presigned URLs begin and end at the wrong time",
                 "set the clock of this machine");
}

}  // namespace

std::vector<Finding> S3ObjectStore::examine(const Context& context) {
  std::vector<Finding> findings;
  const S3Options& options = client_->options();
  if (const auto who = client_->credentials(context)) {
    findings.push_back((*who)->anonymous()
                           ? finding(Level::warning, "requests are not signed: there are no credentials",
                                     "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile")
                           : finding(Level::ok, "credentials from " + (*who)->source));
  }
  const Timestamp sent = client_->now();
  const auto reply = client_->call({.operation = "examine", .target = options.bucket, .method = "HEAD"}, context);
  if (!reply) return findings;
  if (const auto offset = http::measured_offset(reply->headers, sent, client_->now())) {
    if (auto clock = judge_clock(*offset)) findings.push_back(*std::move(clock));
  }
  const std::string region = client_->place()->signer->region();
  if (!options.region.empty() && region != options.region) {
    findings.push_back(finding(Level::warning, "the bucket is in " + region + ", not in " + options.region,
                               "set region=" + region + ": each start takes a detour to find it"));
  }
  if (!client_->has_atomic_conditions()) {
    findings.push_back(finding(Level::warning, "this server has no atomic conditional writes",
                               "writes with a condition look first, which leaves a gap: let one program write a key"));
  }
  return findings;
}

}  // namespace docupilot::inline v1
