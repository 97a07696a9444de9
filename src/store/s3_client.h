#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "http/redact.h"
#include "http/retry.h"
#include "store/s3_key_rule.h"
#include "store/s3_quirks.h"
#include "store/s3_request.h"

namespace docupilot::inline v1 {

/// What tests change: time and chance, sizes that no test can reach, and who is told how much the endpoint bears.
struct S3Tuning {
  Clock* clock = &Clock::system();
  http::Sleeper* sleeper = &http::Sleeper::system();
  std::function<double()> random = crypto::random_part;
  std::uint64_t largest_copy = std::uint64_t{5} << 30U;  ///< In one request.
  std::uint64_t copied_part = std::uint64_t{1} << 30U;
};

/// The calls are in s3_client.cpp and s3_attempt.cpp (how one attempt is made).
///
/// Sends requests to one bucket: signed, tried again, and led to the region where the bucket is. What the server was
/// seen to refuse is left out from then on. Any thread.
class S3Client {
 public:
  [[nodiscard]] static Result<std::unique_ptr<S3Client>> make(S3Options options, const S3Tuning& tuning);

  /// What signs, and where: for one region.
  struct Place {
    S3Endpoint endpoint;
    S3Endpoint public_endpoint;
    std::shared_ptr<http::Signer> signer;
  };

  /// The reply of a success. Errors: those of S3, in our codes.
  [[nodiscard]] Result<http::Response> call(const S3Request& request, const Context& context);

  // What `call` is made of, for those who make attempts of their own. None of it waits but `prepare` for credentials.
  /// The request as it goes to `place`; `headers` are its own, moved where nobody needs them any more. Errors: those of
  /// the credentials; permission_denied for a write to a store that is read-only.
  [[nodiscard]] Result<S3Attempt> prepare(const S3Request& request, http::Headers headers, const Place& place,
                                          Duration clock_offset, const Context& context);
  /// What the reply means, its error without secrets; remembers what it tells of the server. `used`: the credentials,
  /// null if it did not come to that.
  [[nodiscard]] S3Outcome examine(const S3Request& request, const http::Credentials* used,
                                  const Result<http::Response>& result);
  /// Goes where the server says that the bucket is. False: it does not say, or that is no place of this endpoint.
  [[nodiscard]] bool follow_region(const Place& from, const S3Outcome& outcome);
  [[nodiscard]] http::ClockSkew& clock_skew() noexcept { return retrier_.clock_skew(); }

  /// A signed URL on the public endpoint.
  [[nodiscard]] Result<Secret> presign(const S3Request& request, Duration expires, const Context& context);

  [[nodiscard]] std::shared_ptr<const Place> place() const;
  /// The place of the bucket's own region, for what is signed here and sent by others. Without a region among the
  /// options the server is asked for it, once.
  [[nodiscard]] Result<std::shared_ptr<const Place>> known_place(const Context& context);
  /// As Transport::connect_ahead, to where the bucket is; may wait for credentials.
  void connect_ahead(unsigned connections, const Context& context);
  [[nodiscard]] Result<http::SharedCredentials> credentials(const Context& context);
  /// Takes these credentials out of what the server says.
  [[nodiscard]] http::Redactor redactor(const Context& context);
  [[nodiscard]] Timestamp now() const { return tuning_.clock->now(); }

  [[nodiscard]] const S3Options& options() const noexcept { return options_; }
  [[nodiscard]] const S3Tuning& tuning() const noexcept { return tuning_; }
  [[nodiscard]] const S3Quirks& quirks() const noexcept { return quirks_; }
  [[nodiscard]] const S3Features& features() const noexcept { return features_; }
  [[nodiscard]] S3Features& features() noexcept { return features_; }
  [[nodiscard]] S3KeyRule& key_rule() noexcept { return key_rule_; }
  /// Whether signatures say what the body is: over TLS nobody can change it anyway.
  [[nodiscard]] bool signs_payload(const Place& place) const noexcept {
    return !place.endpoint.is_https() && !options_.insecure_unsigned_payload;
  }
  /// Whether the server lists only uploads of the very key asked for.
  [[nodiscard]] bool sifts_uploads() const noexcept { return quirks_.sift_uploads || is_minio_; }
  [[nodiscard]] bool replays_complete() const noexcept { return quirks_.replays_complete || is_versitygw_; }
  [[nodiscard]] bool keeps_coding() const noexcept { return quirks_.keeps_coding || is_versitygw_; }
  /// Whether conditional writes are atomic, as far as is known by now.
  [[nodiscard]] bool has_atomic_conditions() const noexcept {
    return features_.conditional && quirks_.atomic_conditions && !is_versitygw_;
  }

 private:
  struct Call;
  S3Client(S3Options options, S3Quirks quirks, bool checksums, const S3Tuning& tuning);
  [[nodiscard]] Result<void> check_writable(const S3Request& request) const;
  [[nodiscard]] Result<http::Response> call_once(S3Request& request, const Context& context, Call& call);
  [[nodiscard]] Result<http::Response> attempt(S3Request& request, const Place& place, const http::Attempt& attempt,
                                               const Context& context, Call& call);
  void observe(const http::Response& reply);
  [[nodiscard]] Error told(Error error) const;
  [[nodiscard]] Result<std::shared_ptr<const Place>> make_place(std::string_view region) const;

  const S3Options options_;
  const S3Quirks quirks_;
  const S3Tuning tuning_;
  S3Features features_;
  S3KeyRule key_rule_;
  // As replies say, for servers that no profile was named for.
  std::atomic<bool> is_minio_ = false;
  std::atomic<bool> is_versitygw_ = false;
  std::atomic<bool> is_region_known_ = false;
  http::Retrier retrier_;
  mutable std::mutex mutex_;  // of place_
  std::shared_ptr<const Place> place_;
};

}  // namespace docupilot::inline v1
