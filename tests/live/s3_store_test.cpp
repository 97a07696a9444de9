#include <cstdlib>

#include <docupilot/store/s3_store.h>

#include "conformance/object_store_suite_all.h"
#include "crypto/random.h"

// The suite against real servers, which tests/support/servers.sh starts; their addresses come by the environment.
namespace docupilot_test {

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

S3Options options_for(const std::string& endpoint, const std::string& quirks) {
  S3Options options;
  options.bucket = "docupilot-" + crypto::random_hex(16);
  options.region = "us-east-1";
  options.endpoint = endpoint;
  options.quirks = quirks;
  options.credentials = http::static_credentials(
      {.access_key_id = "docupilot", .secret_access_key = Secret("docupilot-test-secret"), .source = "test"});
  options.transport = http::make_transport({.tls = {.ca_file = environment("DOCUPILOT_TEST_CA")}});
  return options;
}

std::unique_ptr<ObjectStore> fresh_bucket(S3Options options) {
  auto store = open_s3_store(std::move(options));
  if (!store) throw std::runtime_error(store.error().to_string());
  if (auto made = (*store)->create_bucket(); !made) throw std::runtime_error(made.error().to_string());
  return *std::move(store);
}

/// A fresh bucket of the server whose address is in `variable`; null where there is none.
std::unique_ptr<ObjectStore> store_on(const char* variable, const char* quirks) {
  const std::string endpoint = environment(variable);
  return endpoint.empty() ? nullptr : fresh_bucket(options_for(endpoint, quirks));
}

struct MinioBuilder {
  static constexpr const char* name = "MinIO";
  static std::unique_ptr<ObjectStore> make() { return store_on("DOCUPILOT_TEST_MINIO", ""); }
};
struct MinioTlsBuilder {
  static constexpr const char* name = "MinIO over TLS, with checksums and a prefix";
  static std::unique_ptr<ObjectStore> make() {
    const std::string endpoint = environment("DOCUPILOT_TEST_MINIO_TLS");
    if (endpoint.empty()) return nullptr;
    S3Options options = options_for(endpoint, "minio");
    options.prefix = "team \u00e4/";
    options.checksums = S3Checksums::when_supported;
    return fresh_bucket(std::move(options));
  }
};
struct VersitygwBuilder {
  static constexpr const char* name = "versitygw";
  static std::unique_ptr<ObjectStore> make() { return store_on("DOCUPILOT_TEST_VERSITYGW", ""); }
};
struct VersitygwTlsBuilder {
  static constexpr const char* name = "versitygw over TLS, with checksums";
  static std::unique_ptr<ObjectStore> make() {
    const std::string endpoint = environment("DOCUPILOT_TEST_VERSITYGW_TLS");
    if (endpoint.empty()) return nullptr;
    S3Options options = options_for(endpoint, "versitygw");
    options.checksums = S3Checksums::when_supported;
    return fresh_bucket(std::move(options));
  }
};

}  // namespace
}  // namespace docupilot_test

using namespace docupilot_test;  // NOLINT(google-build-using-namespace): doctest wants the rest at the top

TYPE_TO_STRING(MinioBuilder);
TYPE_TO_STRING(MinioTlsBuilder);
TYPE_TO_STRING(VersitygwBuilder);
TYPE_TO_STRING(VersitygwTlsBuilder);

DOCUPILOT_OBJECT_STORE_SUITE(MinioBuilder, MinioTlsBuilder, VersitygwBuilder, VersitygwTlsBuilder);
