#include "store/s3_client.h"

#include <algorithm>

#include "base/try.h"
#include "crypto/crc64nvme.h"
#include "store/s3_body.h"
#include "store/s3_errors.h"
#include "store/s3_wire.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::string_view default_region = "us-east-1";
constexpr unsigned most_hops = 2;

void leave_out_encoding(S3Request& request) {
  std::erase_if(request.query, [](const auto& pair) { return pair.first == "encoding-type"; });
  request.encoding_type = false;
}

http::Redactor redactor_of(const http::Credentials* credentials) {
  http::Redactor redact;
  if (credentials != nullptr) redact.add(credentials->secret_access_key).add(credentials->session_token);
  return redact;
}

}  // namespace

/// What a call learnt on its way.
struct S3Client::Call {
  S3Outcome outcome = {};  // of the last attempt
  http::SharedCredentials used = {};
};

S3Client::S3Client(S3Options options, S3Quirks quirks, bool checksums, const S3Tuning& tuning)
    : options_(std::move(options)),
      quirks_(quirks),
      tuning_(tuning),
      features_(checksums, quirks),
      key_rule_(quirks.keys),
      retrier_({.policy = options_.retry, .clock = tuning.clock, .sleeper = tuning.sleeper, .random = tuning.random}) {}

Result<std::unique_ptr<S3Client>> S3Client::make(S3Options options, const S3Tuning& tuning) {
  S3Quirks quirks;
  if (options.quirks.empty()) {
    DOCUPILOT_TRY(const S3Endpoint endpoint, S3Endpoint::make(options, options.endpoint, default_region));
    quirks = guess_s3_quirks(endpoint.host());
  } else {
    DOCUPILOT_TRY(quirks, s3_quirks(options.quirks));
  }
  const bool checksums = options.checksums == S3Checksums::when_supported ||
                         (options.checksums == S3Checksums::automatic && quirks.checksums);
  const std::string region = options.region.empty() ? std::string(default_region) : options.region;
  std::unique_ptr<S3Client> client(new S3Client(std::move(options), quirks, checksums, tuning));
  DOCUPILOT_TRY(client->place_, client->make_place(region));
  const Hooks& hooks = client->options_.hooks;
  if (client->options_.insecure_unsigned_payload && !client->place_->endpoint.is_https() && hooks.log) {
    hooks.log({.level = LogLevel::warning,
               .component = "s3",
               .message =
                   "bodies go over plain http and are not signed: everybody on the way can change what is stored "
                   "(insecure_unsigned_payload)"});
  }
  return client;
}

Result<std::shared_ptr<const S3Client::Place>> S3Client::make_place(std::string_view region) const {
  DOCUPILOT_TRY(S3Endpoint endpoint, S3Endpoint::make(options_, options_.endpoint, region));
  const std::string& outside = options_.public_endpoint.empty() ? options_.endpoint : options_.public_endpoint;
  DOCUPILOT_TRY(S3Endpoint public_endpoint, S3Endpoint::make(options_, outside, region));
  return std::make_shared<const Place>(Place{std::move(endpoint), std::move(public_endpoint),
                                             std::make_shared<http::Signer>("s3", std::string(region))});
}

std::shared_ptr<const S3Client::Place> S3Client::place() const {
  const std::scoped_lock lock(mutex_);
  return place_;
}

Result<std::shared_ptr<const S3Client::Place>> S3Client::known_place(const Context& context) {
  if (options_.region.empty() && !is_region_known_) {
    const auto reply = call({.operation = "find the region", .target = options_.bucket, .method = "HEAD"}, context);
    // Whatever it says of the bucket, it says it for the right region.
    if (!reply && reply.error().http_status() == 0) {
      return Error(reply.error()).hint("name the region: then nothing is asked, and nothing sent");
    }
    is_region_known_ = true;
  }
  return place();
}

Result<http::SharedCredentials> S3Client::credentials(const Context& context) {
  if (!options_.credentials) return std::make_shared<const http::Credentials>();
  return options_.credentials->get(context);
}

http::Redactor S3Client::redactor(const Context& context) {
  const auto used = credentials(context);
  return used ? redactor_of(used->get()) : http::Redactor();
}

bool S3Client::follow_region(const Place& from, const S3Outcome& outcome) {
  if (outcome.region.empty() || outcome.region == from.signer->region()) return false;
  if (!outcome.endpoint.empty() && !from.endpoint.owns(outcome.endpoint)) return false;
  auto next = make_place(outcome.region);
  if (!next) return false;
  const std::scoped_lock lock(mutex_);
  place_ = *std::move(next);
  return true;
}

Result<void> S3Client::check_writable(const S3Request& request) const {
  if (!options_.read_only || request.method == "GET" || request.method == "HEAD") return {};
  return Error(ErrorCode::permission_denied, "the store was opened read-only")
      .operation(request.operation)
      .backend("s3")
      .target(request.target)
      .hint("open it without read_only");
}

Result<http::Response> S3Client::call(const S3Request& request, const Context& context) {
  DOCUPILOT_CHECK(check_writable(request));
  S3Request now = request;
  if (now.encoding_type && !features_.encoding_type) leave_out_encoding(now);
  now.checksum = now.checksum && features_.checksums;
  int sent = 0;
  const auto once = [&](Call& call) {
    auto reply = call_once(now, context, call);
    if (!reply) reply = Error(reply.error()).attempts(sent += reply.error().attempts());
    return reply;
  };
  for (unsigned hops = 0;; ++hops) {
    const auto from = place();
    Call call;
    const S3Outcome& outcome = call.outcome;
    auto reply = once(call);
    if (reply) return reply;
    const bool again = !now.repeatable || now.repeatable();
    if (outcome.redirected && again && hops < most_hops && follow_region(*from, outcome)) continue;
    if (!outcome.refused || !again || !(now.checksum || now.encoding_type || now.conditional)) return reply;
    // Leaves out one optional part after the other, and remembers the one without which the server is content.
    // A condition is never left out silently: whoever asked for it is told, and looks before he writes.
    if (now.checksum) {
      now.checksum = false;
      auto without = once(call);
      if (without) features_.checksums = false;
      if (without || !(outcome.refused && (now.encoding_type || now.conditional))) return without;
      reply = std::move(without);
    }
    if (now.conditional && reply.error().http_status() == 501) {
      features_.conditional = false;
      return Error(ErrorCode::unsupported, "this server has no conditional writes")
          .service(501, reply.error().service_code(), reply.error().request_id())
          .hint("use a server that has them, or write without a condition");
    }
    if (now.encoding_type) {
      leave_out_encoding(now);
      auto without = once(call);
      if (without) features_.encoding_type = false;
      return without;
    }
    return reply;
  }
}

Result<http::Response> S3Client::call_once(S3Request& request, const Context& context, Call& call) {
  call = {};
  const auto where = place();
  http::RetryCall retry{.operation = request.operation, .backend = "s3", .target = request.target};
  retry.idempotent = request.idempotent;
  retry.send = [&](const http::Attempt& number, const Context& given) {
    return attempt(request, *where, number, given, call);
  };
  retry.judge = [&](const Result<http::Response>& result) {
    call.outcome = examine(request, call.used.get(), result);
    return call.outcome.judgement;
  };
  if (options_.credentials) {
    retry.renew_credentials = [&](const Context& given) {
      if (call.used) options_.credentials->invalidate(*call.used);
      const auto fresh = options_.credentials->get(given);
      return fresh && !(call.used && same_keys(**fresh, *call.used));
    };
  }
  return retrier_.run(retry, context);
}

Result<http::Response> S3Client::attempt(S3Request& request, const Place& place, const http::Attempt& attempt,
                                         const Context& context, Call& call) {
  if (request.prepare) DOCUPILOT_CHECK(request.prepare(request, attempt.number));
  DOCUPILOT_TRY(S3Attempt made, prepare(request, request.headers, place, attempt.clock_offset, context));
  call.used = made.used;
  if (request.reader == nullptr) return options_.transport->send(made.wire, context);
  s3::ExactReader exact(*request.reader, request.length);
  made.wire.reader = &exact;
  if (!made.framing) return options_.transport->send(made.wire, context);
  std::uint64_t sum = 0;
  http::AwsChunkedReader encoded(exact, request.length, *made.framing, std::move(made.seed),
                                 {.update = [&](ByteView bytes) { sum = crc::crc64nvme(bytes, sum); },
                                  .finish = [&] { return s3::to_checksum(sum); }});
  made.wire.reader = &encoded;
  auto reply = options_.transport->send(made.wire, context);
  if (request.read_crc64nvme != nullptr) *request.read_crc64nvme = sum;
  return reply;
}

void S3Client::connect_ahead(unsigned connections, const Context& context) {
  const bool may_be_elsewhere = options_.region.empty() && !is_region_known_;
  if (options_.read_only || may_be_elsewhere) return;
  const auto who = credentials(context);
  if (!who) return;
  options_.transport->connect_ahead({.url = place()->endpoint.url({}, {}), .identity = (*who)->access_key_id},
                                    connections);
}

void S3Client::observe(const http::Response& reply) {
  const std::string_view server = reply.headers.get("server");
  if (server.starts_with("MinIO")) is_minio_ = true;
  if (server.starts_with("VERSITYGW")) is_versitygw_ = true;
  // A profile that was named knows better: such a server may stand before another store.
  if (quirks_.keys == S3Keys::ask && (is_minio_ || is_versitygw_)) key_rule_.are_paths();
}

Error S3Client::told(Error error) const {
  if (error.service_code() != "NoSuchBucket") return error;
  // Servers do not say which.
  return Error(error.code(), "there is no bucket '" + options_.bucket + '\'')
      .hint(error.hint())
      .service(error.http_status(), error.service_code(), error.request_id());
}

S3Outcome S3Client::examine(const S3Request& request, const http::Credentials* used,
                            const Result<http::Response>& result) {
  if (result) observe(*result);
  S3Outcome outcome{.judgement = s3::judge(result, request.root)};
  http::Judgement& judgement = outcome.judgement;
  if (judgement.verdict == http::Verdict::done) {
    is_region_known_ = true;
    if (used != nullptr && !used->anonymous()) features_.trusted = true;
    return outcome;
  }
  if (judgement.error) judgement.error = told(http::cleaned(*judgement.error, redactor_of(used)));
  if (result) {
    const s3::Redirect redirect = s3::redirect_of(*result);
    outcome.region = redirect.region;
    outcome.endpoint = redirect.endpoint;
    // A HEAD of a bucket elsewhere is told by the header alone.
    outcome.redirected = redirect.is_redirect && !redirect.region.empty();
    if (outcome.redirected && check_s3_region(redirect.region)) judgement.verdict = http::Verdict::final;
    outcome.refused = s3::may_be_refusal(*result);
  }
  if (request.repeatable && !request.repeatable()) judgement.verdict = http::Verdict::final;
  return outcome;
}

Result<Secret> S3Client::presign(const S3Request& request, Duration expires, const Context& context) {
  DOCUPILOT_CHECK(check_writable(request));
  DOCUPILOT_TRY(const auto who, credentials(context));
  DOCUPILOT_TRY(const auto where, known_place(context));
  return where->signer->presign(request.method, where->public_endpoint.url(request.key, request.query), request.headers,
                                *who, tuning_.clock->now(), expires);
}

}  // namespace docupilot::inline v1
