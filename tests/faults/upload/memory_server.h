#pragma once

#include <docupilot/store/s3_store.h>
#include <docupilot/testing/scripted_server.h>

#include "security/signature_check.h"
#include "support/tiny_s3.h"

namespace docupilot_test {

/// An S3 in memory that looks at every signature, that of each chunk included, and keeps checksums.
class MemoryServer {
 public:
  MemoryServer() {
    s3_.checksums = true;
    s3_.content = [this](const docupilot::testing::RecordedRequest& request) { return content(request); };
    server_.handle([this](const auto&) -> docupilot::testing::Script {
      return {.respond = [this](const auto& request) { return s3_.answer(request); }};
    });
  }
  [[nodiscard]] docupilot::S3Options options() const {
    docupilot::S3Options options;
    options.bucket = "bucket";
    options.region = "us-east-1";
    options.endpoint = server_.url();
    options.quirks = "minio";
    options.credentials = docupilot::http::static_credentials({.access_key_id = key_id,
                                                               .secret_access_key = docupilot::Secret(secret),
                                                               .session_token = {},
                                                               .source = "test"});
    options.transport = docupilot::http::make_transport();
    return options;
  }

 private:
  static constexpr const char* key_id = "AKIDMADEUP";
  static constexpr const char* secret = "madeUpSecretKey0123456789";

  std::optional<std::string> content(const docupilot::testing::RecordedRequest& request) const {
    if (request.body.size() != request.body_bytes) return std::nullopt;
    try {
      SignatureCheck::Verdict verdict = check_(request, false);
      if (verdict.wrong.empty()) return std::move(verdict.body);
    } catch (const std::exception&) {  // frames that are no numbers any more
    }
    return std::nullopt;
  }

  SignatureCheck check_{key_id, secret};
  TinyS3 s3_;
  docupilot::testing::ScriptedServer server_{docupilot::testing::ServerOptions{.body_limit = 64U << 20U}};
};

inline bool is_there(const MemoryServer& /*server*/) { return true; }

}  // namespace docupilot_test
