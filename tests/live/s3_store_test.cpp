#include "conformance/object_store_suite_all.h"
#include "live/s3_live.h"

using namespace docupilot_test;  // NOLINT(google-build-using-namespace): doctest wants the rest at the top

DOCUPILOT_LIVE_NAMES;

DOCUPILOT_OBJECT_STORE_SUITE(MinioServer, MinioTlsServer, VersitygwServer, VersitygwTlsServer, MinioProxyServer,
                             MinioTlsProxyServer);

TEST_CASE_TEMPLATE("the proxy gave every client what the server said", Server, MinioProxyServer, MinioTlsProxyServer) {
  auto store = Server::make();
  if (store == nullptr) return;
  const std::string text = pattern(9U << 20U);
  REQUIRE(put_text(*store, "k", text));
  CHECK(text_of(*store, "k") == text);
  const docupilot::testing::Record record = Server::proxy().ledger().snapshot();
  CHECK(record.faults_fired() == 0);
  CHECK(record.requests.size() >= 3);
  for (const auto& request : record.requests) {
    CHECK(request.status == request.server_status);
    CHECK_FALSE(request.malformed);
  }
}
