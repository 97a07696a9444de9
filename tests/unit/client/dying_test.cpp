#include <doctest/doctest.h>
#include <docupilot/docupilot.h>

#include <filesystem>
#include <functional>

#include "support/dying_roles.h"
#include "support/temp_dir.h"

using namespace docupilot;
using docupilot_test::dying_registry;
using docupilot_test::Life;
using docupilot_test::TempDir;

namespace {

constexpr int for_ever = 1 << 30;

Client living_for(const TempDir& folder, const std::shared_ptr<Life>& life) {
  return Client::open(Config::embedded(folder / "library"), {.registry = dying_registry(life)}).value();
}

// Runs `action` on a library that `prepare` made, once for each of its role calls, everything failing from that call
// on. Afterwards another client drains and sweeps, and `check` looks at what is there.
void for_each_death(const std::function<void(const TempDir&, Client&)>& prepare,
                    const std::function<void(const TempDir&, Client&)>& action,
                    const std::function<void(const TempDir&, Client&)>& check) {
  int calls = for_ever;
  for (int death = 0; death <= calls; ++death) {
    CAPTURE(death);
    const TempDir folder;
    {
      Client client = living_for(folder, std::make_shared<Life>(for_ever));
      prepare(folder, client);
    }
    {
      const auto life = std::make_shared<Life>(death == 0 ? for_ever : death - 1);
      Client client = living_for(folder, life);
      action(folder, client);
      if (death == 0) calls = life->spent();
    }
    Client client = living_for(folder, std::make_shared<Life>(for_ever));
    const DrainReport drained = client.drain().value();
    CHECK(drained.failed.empty());
    CHECK(client.pending().value().empty());
    REQUIRE(client.sweep({.dry_run = false, .keep_temporary = Duration()}).has_value());
    CHECK(client.sweep({.keep_temporary = Duration()}).value().clean());
    const LibraryStatus status = client.status().value();
    CHECK(status.objects == status.documents);
    CHECK(status.entries == status.documents);
    check(folder, client);
  }
  CHECK(calls > 3);
}

std::vector<IngestRequest> three(const TempDir& folder, const std::string& words) {
  std::vector<IngestRequest> requests;
  for (const char* name : {"a.txt", "b.txt", "c.html"}) {
    requests.push_back({.path = folder.write(name, "<p>" + words + " in " + name + ".</p>")});
  }
  return requests;
}

void first(const TempDir& folder, Client& client) {
  for (const auto& result : client.ingest_many(three(folder, "First words"), {.concurrency = 1})) result.value();
}

}  // namespace

TEST_CASE("a new ingest that dies at any call is finished by drain") {
  for_each_death(
      [](const TempDir& folder, Client& client) { client.ingest(folder.write("z.txt", "Another one.")).value(); },
      [](const TempDir& folder, Client& client) {
        (void)client.ingest_many(three(folder, "First words"), {.concurrency = 1});
      },
      [](const TempDir&, Client& client) { CHECK(client.count().value() == 4); });
}

TEST_CASE("a new revision that dies at any call ends as the new one, and the old bytes go only then") {
  for_each_death(
      first,
      [](const TempDir& folder, Client& client) {
        (void)client.ingest_many(three(folder, "Second words"), {.concurrency = 1});
      },
      [](const TempDir&, Client& client) {
        const DocumentPage page = client.documents().value();
        REQUIRE(page.documents.size() == 3);
        for (const Document& document : page.documents) {
          MemoryWriter bytes;
          REQUIRE(client.download(document.id, bytes).has_value());
          CHECK(bytes.text().find("Second words") != std::string::npos);
        }
        CHECK(client.search({.text = "second"}).value().estimated_total == 3);
        CHECK(client.search({.text = "first", .typo_tolerance = false}).value().estimated_total == 0);
      });
}

TEST_CASE("a removal that dies at any call is finished by drain") {
  for_each_death(
      first,
      [](const TempDir&, Client& client) {
        if (auto page = client.documents(); page) (void)client.remove(page->documents.front().id);
      },
      [](const TempDir&, Client& client) {
        const auto count = client.count().value();
        CHECK(count == 2);
      });
}

TEST_CASE("an update that dies at any call is found as it reads") {
  for_each_death(
      first,
      [](const TempDir&, Client& client) {
        const auto page = client.documents().value();
        (void)client.update(page.documents.front().id, {.title = "Lighthouse"});
      },
      [](const TempDir&, Client& client) {
        const auto titled = client.count(field("title") == "Lighthouse").value();
        CHECK(client.search({.text = "lighthouse", .typo_tolerance = false}).value().estimated_total == titled);
      });
}

TEST_CASE("a failure of one call is told, and ingesting again puts it right") {
  const TempDir folder;
  const auto life = std::make_shared<Life>(4);
  Client client = living_for(folder, life);
  const auto results = client.ingest_many(three(folder, "First words"), {.concurrency = 1});
  REQUIRE_FALSE(results[2].has_value());
  CHECK(results[2].error().code() == ErrorCode::unavailable);
  Client again = living_for(folder, std::make_shared<Life>(for_ever));
  for (const auto& result : again.ingest_many(three(folder, "First words"))) CHECK(result.has_value());
  CHECK(again.status().value().objects == 3);
  CHECK(again.pending().value().empty());
}

TEST_CASE("a file ingested again after its process died between metadata and index is found") {
  for_each_death(
      [](const TempDir& folder, Client& client) { client.ingest(folder.write("z.txt", "Another one.")).value(); },
      [](const TempDir& folder, Client& client) {
        (void)client.ingest_many(three(folder, "First words"), {.concurrency = 1});
        // Not resumed: ingested again, by somebody who lives.
        Client again = living_for(folder, std::make_shared<Life>(for_ever));
        for (const auto& result : again.ingest_many(three(folder, "First words"))) CHECK(result.has_value());
        CHECK(again.search({.text = "first"}).value().estimated_total == 3);
        CHECK(again.pending().value().empty());
      },
      [](const TempDir&, Client& client) { CHECK(client.count().value() == 4); });
}
