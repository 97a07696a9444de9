#pragma once

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>
#include <docupilot/store/s3_store.h>
#include <docupilot/testing/fault_proxy.h>
#include <docupilot/testing/test_authority.h>

#include "crypto/random.h"
#include "store/s3_object_store.h"

// The real servers that tests/support/servers.sh starts; their addresses come by the environment. A test is a template
// over them, and tests/run.sh chooses the instance by its name, as in --test-case=*<MinioServer>*.
namespace docupilot_test {

inline std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

inline docupilot::S3Options options_for(const std::string& endpoint, const std::string& quirks) {
  docupilot::S3Options options;
  options.bucket = "docupilot-" + docupilot::crypto::random_hex(16);
  options.region = "us-east-1";
  options.endpoint = endpoint;
  options.quirks = quirks;
  options.credentials =
      docupilot::http::static_credentials({.access_key_id = "docupilot",
                                           .secret_access_key = docupilot::Secret("docupilot-test-secret"),
                                           .source = "test"});
  options.transport = docupilot::http::make_transport({.tls = {.ca_file = environment("DOCUPILOT_TEST_CA")}});
  return options;
}

inline std::unique_ptr<docupilot::S3Store> opened(docupilot::S3Options options) {
  auto store = docupilot::open_s3_store(std::move(options));
  if (!store) throw std::runtime_error(store.error().to_string());
  return *std::move(store);
}

/// A store over a new bucket.
inline std::unique_ptr<docupilot::S3Store> fresh_bucket(docupilot::S3Options options) {
  auto store = opened(std::move(options));
  if (auto made = store->create_bucket(); !made) throw std::runtime_error(made.error().to_string());
  return store;
}

/// What is common to the servers below: the address is in an environment variable; without it nothing is tested.
template <class Server>
struct LiveServer {
  static std::unique_ptr<docupilot::ObjectStore> make() {
    return Server::options().endpoint.empty() ? nullptr : fresh_bucket(Server::options());
  }
};

struct MinioServer : LiveServer<MinioServer> {
  static constexpr const char* name = "MinIO";
  static docupilot::S3Options options() { return options_for(environment("DOCUPILOT_TEST_MINIO"), ""); }
};
struct MinioTlsServer : LiveServer<MinioTlsServer> {
  static constexpr const char* name = "MinIO over TLS, with checksums and a prefix";
  static docupilot::S3Options options() {
    docupilot::S3Options options = options_for(environment("DOCUPILOT_TEST_MINIO_TLS"), "minio");
    options.prefix = "team \u00e4/";
    options.checksums = docupilot::S3Checksums::when_supported;
    return options;
  }
};
struct VersitygwServer : LiveServer<VersitygwServer> {
  static constexpr const char* name = "versitygw";
  static docupilot::S3Options options() { return options_for(environment("DOCUPILOT_TEST_VERSITYGW"), ""); }
};
struct VersitygwTlsServer : LiveServer<VersitygwTlsServer> {
  static constexpr const char* name = "versitygw over TLS, with checksums";
  static docupilot::S3Options options() {
    docupilot::S3Options options = options_for(environment("DOCUPILOT_TEST_VERSITYGW_TLS"), "versitygw");
    options.checksums = docupilot::S3Checksums::when_supported;
    return options;
  }
};

/// A proxy in front of the server at "http://HOST:PORT".
inline std::unique_ptr<docupilot::testing::FaultProxy> proxy_before(const std::string& endpoint,
                                                                    docupilot::testing::ProxyOptions options = {}) {
  const std::size_t host = endpoint.find("://") + 3;
  const std::size_t colon = endpoint.find(':', host);
  return std::make_unique<docupilot::testing::FaultProxy>(
      endpoint.substr(host, colon - host), static_cast<std::uint16_t>(std::stoi(endpoint.substr(colon + 1))),
      std::move(options));
}

/// MinIO behind a proxy that changes nothing.
struct MinioProxyServer : LiveServer<MinioProxyServer> {
  static constexpr const char* name = "MinIO behind the fault proxy";
  static docupilot::testing::FaultProxy& proxy() {
    static const auto proxy = proxy_before(environment("DOCUPILOT_TEST_MINIO"));
    return *proxy;
  }
  static docupilot::S3Options options() {
    if (environment("DOCUPILOT_TEST_MINIO").empty()) return {};
    return options_for(proxy().url(), "minio");
  }
};
/// Likewise; the proxy speaks TLS with its clients, and plain HTTP with MinIO.
struct MinioTlsProxyServer : LiveServer<MinioTlsProxyServer> {
  static constexpr const char* name = "MinIO behind the fault proxy over TLS, with checksums";
  static docupilot::testing::TestAuthority& authority() {
    static docupilot::testing::TestAuthority authority;
    return authority;
  }
  static docupilot::testing::FaultProxy& proxy() {
    static const auto proxy = proxy_before(environment("DOCUPILOT_TEST_MINIO"), {.tls = authority().server()});
    return *proxy;
  }
  static docupilot::S3Options options() {
    if (environment("DOCUPILOT_TEST_MINIO").empty()) return {};
    docupilot::S3Options options = options_for(proxy().url(), "minio");
    options.checksums = docupilot::S3Checksums::when_supported;
    options.transport = docupilot::http::make_transport({.tls = {.ca_file = authority().root_file()}});
    return options;
  }
};

}  // namespace docupilot_test

// In each file of tests, in the global namespace.
#define DOCUPILOT_LIVE_NAMES          \
  TYPE_TO_STRING(MinioServer);        \
  TYPE_TO_STRING(MinioTlsServer);     \
  TYPE_TO_STRING(VersitygwServer);    \
  TYPE_TO_STRING(VersitygwTlsServer); \
  TYPE_TO_STRING(MinioProxyServer);   \
  TYPE_TO_STRING(MinioTlsProxyServer)
