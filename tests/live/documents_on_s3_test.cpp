#include <docupilot/client.h>

#include "live/s3_live.h"
#include "support/temp_dir.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)

TYPE_TO_STRING(MinioServer);
TYPE_TO_STRING(VersitygwServer);

namespace {

/// A library whose objects rest behind a proxy that counts what they cost.
struct CountedLibrary {
  TempDir folder;
  std::unique_ptr<testing::FaultProxy> proxy;
  S3Options options;
  std::size_t counted = 0;

  explicit CountedLibrary(S3Options server) : proxy(proxy_before(server.endpoint)), options(std::move(server)) {
    options.endpoint = proxy->url();
    fresh_bucket(options);
    static_cast<void>(counts());
  }
  [[nodiscard]] Client open() const {
    Config config = Config::embedded(folder / "library");
    config.store = "counted://" + options.bucket;
    ClientOptions client;
    client.registry.add_store("counted", [this](const BackendUrl&, OpenMode) -> Result<std::unique_ptr<ObjectStore>> {
      return opened(options);
    });
    return Client::open(config, std::move(client)).value();
  }
  /// The requests since the last call, by their method.
  std::map<std::string, int> counts() {
    const auto record = proxy->ledger().snapshot();
    std::map<std::string, int> methods;
    for (; counted < record.requests.size(); ++counted) ++methods[record.requests[counted].method];
    return methods;
  }
};

using Counts = std::map<std::string, int>;

}  // namespace

TEST_CASE_TEMPLATE("a document costs the store one request to write and one to read", Server, MinioServer,
                   VersitygwServer) {
  if (Server::options().endpoint.empty()) return;
  CountedLibrary library(Server::options());
  std::vector<IngestRequest> requests;
  for (int i = 0; i < 300; ++i) {
    const std::string name = "page" + std::to_string(i) + ".txt";
    requests.push_back({.path = library.folder.write(name, "This is page " + std::to_string(i) + " of a long book.")});
  }
  requests.push_back({.path = library.folder.write("large.txt", std::string(3'000'000, 'x'))});
  Client client = library.open();
  std::string id;
  for (const auto& result : client.ingest_many(requests)) {
    REQUIRE_MESSAGE(result, result.error().to_string());
    CHECK(result->outcome == IngestOutcome::created);
    id = result->document.id;
  }
  CHECK(library.counts() == Counts{{"PUT", 301}});
  // versitygw closes each one.
  const bool keeps_connections = std::is_same_v<Server, MinioServer>;
  if (keeps_connections) CHECK(library.proxy->ledger().snapshot().connections.size() <= 16);

  MemoryWriter into;
  REQUIRE(client.download(id, into));
  CHECK(into.text().size() == 3'000'000);
  CHECK(library.counts() == Counts{{"GET", 1}});

  // What looks as it did is only looked for.
  for (const auto& result : client.ingest_many(requests)) CHECK(result->outcome == IngestOutcome::unchanged);
  CHECK(library.counts() == Counts{{"HEAD", 301}});

  library.folder.write("page7.txt", "This page is another one now, and longer than before.");
  REQUIRE(client.ingest(requests[7].path));
  CHECK(library.counts() == Counts{{"PUT", 1}, {"DELETE", 1}});
  REQUIRE(client.remove(id));
  CHECK(library.counts() == Counts{{"DELETE", 1}});
  const auto swept = client.sweep({.dry_run = true});
  REQUIRE(swept);
  CHECK(swept->orphan_objects.empty());
  CHECK(library.counts() == Counts{{"GET", 1}});
}
