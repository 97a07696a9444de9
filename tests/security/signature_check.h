#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include <docupilot/testing/ledger.h>

namespace docupilot_test {

/// Checks AWS Signature Version 4 as a server for S3 does, from the bytes that came: written from the specification and
/// not from the signer, of which it uses nothing.
class SignatureCheck {
 public:
  SignatureCheck(std::string access_key_id, std::string secret) : key_id_(std::move(access_key_id)), secret_(secret) {}

  struct Verdict {
    std::string wrong;  ///< Why it is refused; empty: it is sound.
    std::string body;   ///< Without the frames of chunks.
    std::string mode;   ///< What the signature says of the body.
    std::map<std::string, std::string> trailers = {};
  };
  /// `tls`: the request came over TLS, where a body may go unsigned.
  [[nodiscard]] Verdict operator()(const docupilot::testing::RecordedRequest& request, bool tls) const;

  /// The key of the request's path below "/BUCKET/", byte for byte.
  [[nodiscard]] static std::string key_of(std::string_view target);
  [[nodiscard]] static std::map<std::string, std::string> query_of(std::string_view target);

 private:
  struct Claim {
    std::string date, day, region, scope, signature;
    std::set<std::string> signed_headers;
    bool presigned = false;
  };
  [[nodiscard]] std::string claim_of(const docupilot::testing::RecordedRequest& request, Claim& claim) const;
  [[nodiscard]] std::string sign(const Claim& claim, const std::string& text) const;
  [[nodiscard]] std::string read_chunks(const docupilot::testing::RecordedRequest& request, const Claim& claim,
                                        Verdict& verdict) const;

  std::string key_id_;
  std::string secret_;
};

}  // namespace docupilot_test
