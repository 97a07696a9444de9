#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <docupilot/store/s3_store.h>

namespace docupilot::inline v1 {

/// Names and values, not encoded, in the order they are sent.
using S3Query = std::vector<std::pair<std::string, std::string>>;

/// Where a bucket is reached. Made once for a region; any thread.
class S3Endpoint {
 public:
  /// Of AWS when `endpoint` is empty. Errors: invalid_argument for a region, bucket or endpoint that cannot be right,
  /// so that none of them can lead a request elsewhere.
  [[nodiscard]] static Result<S3Endpoint> make(const S3Options& options, std::string_view endpoint,
                                               std::string_view region);

  /// The URL of a key (as it is, not encoded); of the bucket when it is empty.
  [[nodiscard]] std::string url(std::string_view key, const S3Query& query) const;
  /// The host of `text`, a host or URL that the server redirects to, when it belongs to this endpoint: the same scheme
  /// and port, and a name under the same domain.
  [[nodiscard]] bool owns(std::string_view text) const;
  [[nodiscard]] bool is_aws() const noexcept { return is_aws_; }
  [[nodiscard]] bool is_https() const noexcept { return scheme_ == "https"; }
  /// Host and port as configured, without the bucket.
  [[nodiscard]] const std::string& host() const noexcept { return host_; }

 private:
  std::string scheme_;
  std::string host_;
  std::string base_;    // "https://host/sub/path", with the bucket's place in it
  std::string domain_;  // of hosts that a redirect may name
  bool is_aws_ = false;
};

[[nodiscard]] Result<void> check_s3_region(std::string_view region);
[[nodiscard]] Result<void> check_s3_bucket(std::string_view bucket);

}  // namespace docupilot::inline v1
