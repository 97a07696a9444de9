#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <docupilot/testing/scripted_server.h>
#include <docupilot/testing/test_authority.h>

#include "signature_check.h"
#include "store/s3_object_store.h"
#include "support/virtual_time.h"

namespace docupilot_test {

/// A server that keeps objects in memory, speaks as much S3 as a store needs, and refuses what is not signed soundly.
class StrictS3 {
 public:
  explicit StrictS3(bool tls);

  /// A store on it, over a transport of its own.
  [[nodiscard]] std::unique_ptr<docupilot::S3Store> open(docupilot::S3Options options = {});
  [[nodiscard]] docupilot::S3Options options(docupilot::S3Options options = {}) const;

  [[nodiscard]] std::map<std::string, std::string> objects() const;
  /// Why requests were refused.
  [[nodiscard]] std::vector<std::string> refusals() const;
  /// What signatures said of bodies.
  [[nodiscard]] std::vector<std::string> modes() const;
  [[nodiscard]] docupilot::testing::ScriptedServer& server() { return *server_; }
  [[nodiscard]] const SignatureCheck& check() const { return check_; }
  [[nodiscard]] bool tls() const { return tls_; }

  static constexpr const char* access_key_id = "AKIDSTRICT";
  static constexpr const char* secret = "strict/secret+key=";
  static constexpr const char* token = "strict/session+token=";

 private:
  [[nodiscard]] docupilot::testing::Reply answer(const docupilot::testing::RecordedRequest& request);

  bool tls_;
  SignatureCheck check_{access_key_id, secret};
  docupilot::testing::TestAuthority authority_;
  VirtualTime time_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> objects_;
  std::map<std::string, std::map<int, std::string>> uploads_;
  std::vector<std::string> refusals_;
  std::vector<std::string> modes_;
  std::unique_ptr<docupilot::testing::ScriptedServer> server_;
};

}  // namespace docupilot_test
