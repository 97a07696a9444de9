#include <doctest/doctest.h>
#include <docupilot/docupilot.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/forwarding_store.h"
#include "support/temp_dir.h"

using namespace docupilot;
using docupilot_test::TempDir;

namespace {

Client open_in(const TempDir& folder) { return Client::open(folder / "library").value(); }

std::string downloaded(Client& client, const std::string& id) {
  MemoryWriter into;
  client.download(id, into).value();
  return into.text();
}

std::vector<std::string> object_files(const TempDir& folder) {
  std::vector<std::string> files;
  std::error_code none;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder.path() / "library/objects/objects", none)) {
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  }
  return files;
}

}  // namespace

TEST_CASE("a document walks the whole way") {
  const TempDir folder;
  Client client = open_in(folder);
  const std::string path =
      folder.write("harbour.html",
                   "<title>Harbour rules</title><p>Every ship calls the harbour master before it enters. "
                   "The harbour master names a berth. Berths are paid for by the day.</p>");
  const IngestResult result = client.ingest(path, {.tags = {"ships"}, .attributes = {{"pages", 1}}}).value();
  CHECK(result.outcome == IngestOutcome::created);
  CHECK(result.warnings.empty());
  CHECK(result.document.title == "Harbour rules");
  CHECK(result.document.name == "harbour.html");
  CHECK(result.document.content_type == "text/html");
  CHECK_FALSE(result.document.summary.empty());
  CHECK(result.document.checksums.sha256.size() == 64);
  for (const StageStatus& status : result.document.stages) CHECK(status.state == StageState::done);

  CHECK(client.document(result.document.id).value() == result.document);
  CHECK(downloaded(client, result.document.id).size() == result.document.size);
  const SearchResult found = client.search({.text = "berths"}).value();
  REQUIRE(found.hits.size() == 1);
  CHECK(found.hits[0].id == result.document.id);
  CHECK(client.count(field("tags").contains("ships")).value() == 1);
  CHECK(client.pending().value().empty());
  CHECK(client.sweep().value().clean());
}

TEST_CASE("opening a client and asking an empty one makes nothing") {
  const TempDir folder;
  Client client = open_in(folder);
  CHECK(client.documents().error().code() == ErrorCode::not_found);
  CHECK(client.search({.text = "x"}).error().code() == ErrorCode::not_found);
  CHECK(client.pending().value().empty());
  CHECK(client.drain().value().finished == 0);
  CHECK_FALSE(std::filesystem::exists(folder / "library"));
}

TEST_CASE("reading in a folder that holds something else makes no library there") {
  const TempDir folder;
  folder.write("library/notes.txt", "mine");
  Client client = open_in(folder);
  CHECK(client.documents().error().code() == ErrorCode::not_found);
  CHECK(client.sweep().error().code() == ErrorCode::not_found);
  CHECK_FALSE(std::filesystem::exists(folder / "library/docupilot.db"));
}

TEST_CASE("an unchanged file is passed over and a touched one is recognised by its bytes") {
  const TempDir folder;
  Client client = open_in(folder);
  const std::string path = folder.write("a.txt", "The first text of this file.");
  const Document first = client.ingest(path).value().document;
  CHECK(client.ingest(path).value().outcome == IngestOutcome::unchanged);
  folder.write("a.txt", "The first text of this file.");  // the same bytes, a later time
  const IngestResult touched = client.ingest(path).value();
  CHECK(touched.outcome == IngestOutcome::unchanged);
  CHECK(touched.document == first);
  CHECK(object_files(folder).size() == 1);
  CHECK(client.sweep().value().clean());
}

TEST_CASE("a changed file becomes a new revision and its old bytes go") {
  const TempDir folder;
  Client client = open_in(folder);
  const std::string path = folder.write("a.txt", "Old words about zebras.");
  const Document before = client.ingest(path, {.tags = {"keep"}}).value().document;
  folder.write("a.txt", "New words about giraffes.");
  const IngestResult after = client.ingest(path).value();
  CHECK(after.outcome == IngestOutcome::updated);
  CHECK(after.document.id == before.id);
  CHECK(after.document.revision != before.revision);
  CHECK(after.document.created == before.created);
  CHECK(after.document.tags == before.tags);
  CHECK(downloaded(client, before.id) == "New words about giraffes.");
  CHECK(object_files(folder).size() == 1);
  CHECK(client.search({.text = "zebras", .typo_tolerance = false}).value().hits.empty());
  CHECK(client.search({.text = "giraffes"}).value().hits.size() == 1);
}

TEST_CASE("two folders may each hold an index.html") {
  const TempDir folder;
  Client client = open_in(folder);
  const auto one = client.ingest(folder.write("one/index.html", "<p>The first index.</p>")).value();
  const auto two = client.ingest(folder.write("two/index.html", "<p>The second index.</p>")).value();
  CHECK(one.document.id != two.document.id);
  CHECK(client.count().value() == 2);
}

TEST_CASE("what cannot be ingested leaves nothing behind") {
  const TempDir folder;
  Client client = open_in(folder);
  client.ingest(folder.write("good.txt", "One good sentence stands here.")).value();
  CHECK(client.ingest(folder / "missing.txt").error().code() == ErrorCode::not_found);
  CHECK(client.ingest(folder.path().string()).error().code() == ErrorCode::invalid_argument);
  CHECK(client.ingest("/dev/null").error().code() == ErrorCode::invalid_argument);
  CHECK(client.ingest(folder.write("empty.txt", "")).error().code() == ErrorCode::invalid_argument);
  const auto broken = callback_source(
      [](MutableByteView) -> Result<std::size_t> { return Error(ErrorCode::unavailable, "the line went dead"); });
  CHECK(client.ingest(*broken).error().code() == ErrorCode::unavailable);
  CHECK(client.ingest(folder.write("b.txt", "text"), {.id = "../x"}).error().code() == ErrorCode::invalid_argument);
  CHECK(client.pending().value().empty());
  CHECK(object_files(folder).size() == 1);
  CHECK(client.sweep({.keep_temporary = Duration()}).value().clean());
}

TEST_CASE("an empty document is accepted when it is asked for") {
  const TempDir folder;
  Client client = open_in(folder);
  const auto result = client.ingest(folder.write("empty.txt", ""), {.allow_empty = true}).value();
  CHECK(result.document.size == 0);
  CHECK(downloaded(client, result.document.id).empty());
}

TEST_CASE("a damaged document is kept without its text and tried again the next time") {
  const TempDir folder;
  Client client = open_in(folder);
  const std::string path = folder.write("report.docx", "PK\x03\x04 this is not really a zip archive");
  const auto result = client.ingest(path).value();
  REQUIRE(result.warnings.size() == 1);
  CHECK(result.document.stage(Stage::extract).state == StageState::failed);
  CHECK_FALSE(result.document.stage(Stage::extract).error.empty());
  CHECK(client.search({.text = "report"}).value().hits.size() == 1);  // by its name
  CHECK(client.ingest(path).value().warnings.size() == 1);
  CHECK(client.count().value() == 1);
  CHECK(object_files(folder).size() == 1);
}

TEST_CASE("a document without text is stored, described and found by its name") {
  const TempDir folder;
  Client client = open_in(folder);
  const auto result = client.ingest(folder.write("holiday-photo.png", "\x89PNG\r\n\x1a\n........")).value();
  CHECK(result.warnings.empty());
  CHECK(result.document.stage(Stage::extract).state == StageState::skipped);
  CHECK(result.document.stage(Stage::summary).state == StageState::skipped);
  CHECK(client.search({.text = "holiday"}).value().hits.size() == 1);
}

TEST_CASE("an idempotency key makes a request happen once and refuses other bytes") {
  const TempDir folder;
  Client client = open_in(folder);
  const auto send = [&](std::string text) {
    const auto source = memory_source(std::move(text), "order.txt");
    return client.ingest(*source, {.idempotency_key = "order 7"});
  };
  const auto first = send("Seven crates of apples.").value();
  const auto again = send("Seven crates of apples.").value();
  CHECK(again.outcome == IngestOutcome::unchanged);
  CHECK(again.document == first.document);
  const auto other = send("Eight crates of apples.");
  REQUIRE_FALSE(other);
  CHECK(other.error().code() == ErrorCode::conflict);
  CHECK(downloaded(client, first.document.id) == "Seven crates of apples.");
  CHECK(object_files(folder).size() == 1);
  CHECK(client.pending().value().empty());
  const std::string longest(256, 'k');
  CHECK(client.ingest(*memory_source(std::string("A text."), "a.txt"), {.idempotency_key = longest}));
  CHECK(client.ingest(*memory_source(std::string("A text."), "a.txt"), {.idempotency_key = longest + 'k'})
            .error()
            .code() == ErrorCode::invalid_argument);
}

TEST_CASE("an update changes what is known and what is found") {
  const TempDir folder;
  Client client = open_in(folder);
  const Document document = client.ingest(folder.write("a.txt", "Plain words stand here.")).value().document;
  const Document changed =
      client.update(document.id, {.title = "Quarterly numbers", .tags = std::vector<std::string>{"finance"}}).value();
  CHECK(changed.revision != document.revision);
  CHECK(client.search({.text = "quarterly"}).value().hits.size() == 1);
  CHECK(client.search({.text = "plain", .filter = field("tags").contains("finance")}).value().hits.size() == 1);
  CHECK(client.update(document.id, {.title = "Late"}, WriteCondition::unchanged(document.revision)).error().code() ==
        ErrorCode::precondition_failed);
  CHECK(client.update("nobody", {.title = "x"}).error().code() == ErrorCode::not_found);
  CHECK(client.pending().value().empty());
}

TEST_CASE("removing takes document, bytes and entry away, and may be done twice") {
  const TempDir folder;
  Client client = open_in(folder);
  const std::string path = folder.write("a.txt", "Plain words stand here.");
  const std::string id = client.ingest(path).value().document.id;
  CHECK(client.remove(id));
  CHECK(client.remove(id));
  CHECK(client.document(id).error().code() == ErrorCode::not_found);
  CHECK(client.search({.text = "plain"}).value().hits.empty());
  CHECK(object_files(folder).empty());
  CHECK(client.sweep().value().clean());
  CHECK(client.ingest(path).value().outcome == IngestOutcome::created);  // it is not passed over
}

TEST_CASE("a download of damaged bytes is refused and leaves no file") {
  const TempDir folder;
  Client client = open_in(folder);
  const Document document = client.ingest(folder.write("a.txt", "Plain words stand here.")).value().document;
  const std::string target = folder / "copy.txt";
  CHECK(client.download_file(document.id, target));
  CHECK(std::filesystem::file_size(target) == document.size);
  std::ofstream(object_files(folder).at(0), std::ios::binary) << "Plain words stand hera.";
  std::filesystem::remove(target);
  CHECK(client.download_file(document.id, target).error().code() == ErrorCode::corrupted);
  CHECK_FALSE(std::filesystem::exists(target));
  CHECK(client.download_file(document.id, folder / "no/such/folder/x").error().code() == ErrorCode::not_found);
  CHECK(client.download_file(document.id, folder.path().string()).error().code() == ErrorCode::invalid_argument);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    CHECK(entry.path().string().find(".part-") == std::string::npos);
  }
}

TEST_CASE("many are ingested side by side, failures apart, results in order") {
  const TempDir folder;
  Client client = open_in(folder);
  std::vector<IngestRequest> requests;
  for (int i = 0; i < 60; ++i) {
    requests.push_back({.path = folder.write("many/" + std::to_string(i) + ".txt",
                                             "Document number " + std::to_string(i) + " has a sentence.")});
  }
  requests[17].path = folder / "missing";
  requests.push_back(requests[3]);  // the same twice
  IngestProgress last;
  std::size_t told = 0;
  const auto results =
      client.ingest_many(requests, {.concurrency = 4,
                                    .group = 16,
                                    .on_progress = [&](const IngestProgress& p) { last = p; },
                                    .on_result = [&](std::size_t, const Result<IngestResult>&) { ++told; }});
  REQUIRE(results.size() == 61);
  for (std::size_t i = 0; i < results.size(); ++i) {
    CHECK(results[i].has_value() == (i != 17));
    if (results[i] && i < 60) CHECK(results[i]->document.name == std::to_string(i) + ".txt");
  }
  CHECK(results[60]->document.id == results[3]->document.id);
  CHECK(client.count().value() == 59);
  CHECK(told == 61);
  CHECK(last.documents_done == 61);
  CHECK(last.documents_failed == 1);
  CHECK(client.sweep().value().clean());
}

TEST_CASE("the same document from many threads is ingested once") {
  const TempDir folder;
  Client client = open_in(folder);
  const std::string path = folder.write("a.txt", "Plain words stand here.");
  std::vector<std::jthread> threads;
  std::atomic<int> created = 0, unchanged = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto result = client.ingest(path);
      if (result && result->outcome == IngestOutcome::created) ++created;
      if (result && result->outcome == IngestOutcome::unchanged) ++unchanged;
    });
  }
  threads.clear();
  CHECK(created == 1);
  CHECK(unchanged == 7);
  CHECK(object_files(folder).size() == 1);
}

TEST_CASE("a call that was stopped stays pending and drain finishes it") {
  const TempDir folder;
  Client client = open_in(folder);
  client.ingest(folder.write("first.txt", "So that the library is there.")).value();
  std::vector<IngestRequest> requests;
  for (int i = 0; i < 20; ++i) requests.push_back({.path = folder.write(std::to_string(i), "Words to be stored.")});
  std::stop_source stop;
  int finished = 0;
  const auto results = client.ingest_many(requests,
                                          {.concurrency = 1,
                                           .group = 5,
                                           .on_result =
                                               [&](std::size_t, const Result<IngestResult>&) {
                                                 if (++finished == 5) stop.request_stop();
                                               }},
                                          {.stop = stop.get_token()});
  CHECK(results[0].has_value());
  REQUIRE_FALSE(results[19].has_value());
  CHECK(results[19].error().code() == ErrorCode::cancelled);
  CHECK(client.pending().value().size() == 15);
  const DrainReport report = client.drain().value();
  CHECK(report.finished == 15);
  CHECK(report.failed.empty());
  CHECK(client.count().value() == 21);
  CHECK(client.sweep().value().clean());
}

TEST_CASE("a sweep finds what belongs to nothing, both ways, and mends it") {
  const TempDir folder;
  Client client = open_in(folder);
  const Document kept = client.ingest(folder.write("a.txt", "Plain words stand here.")).value().document;
  const Document gone = client.ingest(folder.write("b.txt", "Other words stand there.")).value().document;
  auto store = Registry::with_builtins().open_store(client.config().store).value();
  MemoryReader bytes(as_bytes("orphan"));
  store->put("documents/feedface.0123456789abcdef", bytes).value();
  store->remove(gone.object.key).value();
  auto index = Registry::with_builtins().open_search(client.config().search).value();
  index->remove(std::vector{kept.id}).value();
  IndexEntry stray{.document = {.id = "stray", .title = "Stray"}, .text = "stray words"};
  index->upsert({&stray, 1}).value();

  const SweepReport seen = client.sweep().value();
  CHECK(seen.dry_run);
  CHECK(seen.orphan_objects == std::vector<std::string>{"documents/feedface.0123456789abcdef"});
  CHECK(seen.dangling_documents == std::vector{gone.id});
  CHECK(seen.missing_entries == std::vector{kept.id});
  CHECK(seen.orphan_entries == std::vector<std::string>{"stray"});
  CHECK(client.search({.text = "plain"}).value().hits.empty());  // nothing was done yet

  CHECK(client.sweep({.dry_run = false}).has_value());
  CHECK(client.search({.text = "plain"}).value().hits.size() == 1);
  const SweepReport after = client.sweep().value();
  CHECK(after.orphan_objects.empty());
  CHECK(after.missing_entries.empty());
  CHECK(after.orphan_entries.empty());
  CHECK(after.dangling_documents == std::vector{gone.id});  // told, never removed
}

TEST_CASE("a library that lost its metadata is not swept empty") {
  const TempDir folder;
  {
    Client client = open_in(folder);
    REQUIRE(client.ingest(folder.write("a.txt", "Plain words stand here.")));
  }
  for (const char* ending : {"", "-wal", "-shm"})
    std::filesystem::remove(folder / ("library/docupilot.db" + std::string(ending)));
  Client client = open_in(folder);
  CHECK(client.sweep().value().orphan_objects.size() == 1);
  const auto refused = client.sweep({.dry_run = false});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code() == ErrorCode::precondition_failed);
  CHECK(std::ranges::any_of(client.diagnose(), [](const Finding& finding) {
    return finding.level == Finding::Level::problem && finding.component == "metadata";
  }));
  CHECK(client.status().value().objects == 1);
  REQUIRE(client.sweep({.dry_run = false, .allow_no_documents = true}));
  CHECK(client.status().value().objects == 0);
  CHECK(client.sweep({.dry_run = false}).has_value());  // nothing is left to be lost
}

TEST_CASE("diagnosing tells of bytes and entries that are gone") {
  const TempDir folder;
  Client client = open_in(folder);
  const Document document = client.ingest(folder.write("a.txt", "Plain words stand here.")).value().document;
  const auto told = [&](std::string_view component, Finding::Level level) {
    return std::ranges::any_of(client.diagnose(), [&](const Finding& finding) {
      return finding.component == component && finding.level == level;
    });
  };
  CHECK_FALSE(told("search", Finding::Level::warning));
  CHECK_FALSE(told("store", Finding::Level::problem));
  auto index = Registry::with_builtins().open_search(client.config().search).value();
  REQUIRE(index->remove(std::vector{document.id}));
  CHECK(told("search", Finding::Level::warning));
  auto store = Registry::with_builtins().open_store(client.config().store).value();
  REQUIRE(store->remove(document.object.key));
  CHECK(told("store", Finding::Level::problem));
}

TEST_CASE("a stream is ingested, and given up when its bytes are gone") {
  const TempDir folder;
  Client client = open_in(folder);
  std::string text(3 << 20, 'a');
  std::size_t given = 0;
  const auto source = callback_source(
      [&](MutableByteView into) -> Result<std::size_t> {
        const std::size_t count = std::min(into.size(), text.size() - given);
        std::copy_n(reinterpret_cast<const std::byte*>(text.data()) + given, count, into.begin());
        given += count;
        return count;
      },
      {}, "stream.txt");
  const auto result = client.ingest(*source).value();
  CHECK(result.document.size == text.size());
  CHECK(downloaded(client, result.document.id) == text);
}

TEST_CASE("diagnose tells what is well and what is not") {
  const TempDir folder;
  Client client = open_in(folder);
  const auto level_of = [&](const std::string& component) {
    Finding::Level worst = Finding::Level::ok;
    for (const Finding& finding : client.diagnose()) {
      if (finding.component == component && finding.level > worst) worst = finding.level;
    }
    return worst;
  };
  CHECK(level_of("library") == Finding::Level::warning);
  client.ingest(folder.write("a.txt", "Plain words stand here.")).value();
  for (const char* component : {"library", "store", "metadata", "search", "summary", "journal"}) {
    CHECK_MESSAGE(level_of(component) == Finding::Level::ok, component);
  }
}

TEST_CASE("a damaged database is told as such, and the other calls go on") {
  const TempDir folder;
  {
    Client client = open_in(folder);
    client.ingest(folder.write("a.txt", "Plain words stand here.")).value();
  }
  for (const char* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(folder / ("library/search.db" + std::string(suffix)));
  folder.write("library/search.db", std::string(8192, 'x'));
  Client client = open_in(folder);
  CHECK(client.search({.text = "plain"}).error().code() == ErrorCode::corrupted);
  CHECK(client.count().value() == 1);
  CHECK(client.ingest(folder.write("b.txt", "More words.")).error().code() == ErrorCode::corrupted);
}

namespace {

// Lets something happen between the reading of a document and the writing of its metadata.
class InterruptedStore final : public docupilot_test::ForwardingStore {
 public:
  InterruptedStore(std::unique_ptr<ObjectStore> inner, std::function<void()> meanwhile)
      : ForwardingStore(std::move(inner)), meanwhile_(std::move(meanwhile)) {}

 protected:
  Result<void> before(std::string_view operation) override {
    if (operation == "flush") meanwhile_();
    return {};
  }

 private:
  std::function<void()> meanwhile_;
};

}  // namespace

TEST_CASE("what is changed of a document while it is ingested again is not lost") {
  const TempDir folder;
  const std::string path = folder.write("a.txt", "Old words stand here.");
  const Config config = Config::embedded(folder / "library");
  const std::string id = Client::open(config).value().ingest(path).value().document.id;
  Registry registry = Registry::with_builtins();
  registry.add_store("file", [&](const BackendUrl& url, const OpenMode&) {
    return open_local_store({.root = url.path}).transform([&](auto inner) -> std::unique_ptr<ObjectStore> {
      return std::make_unique<InterruptedStore>(std::move(inner), [&] {
        auto rows = Registry::with_builtins().open_metadata(config.resolved().value().metadata).value();
        rows->patch(id, {.tags = std::vector<std::string>{"urgent"}}, Timestamp::now()).value();
      });
    });
  });
  folder.write("a.txt", "New words stand here.");
  Client client = Client::open(config, {.registry = registry}).value();
  const auto result = client.ingest(path).value();
  CHECK(result.outcome == IngestOutcome::updated);
  CHECK(client.document(id).value().tags == std::vector<std::string>{"urgent"});
  CHECK(downloaded(client, id) == "New words stand here.");
  CHECK(client.search({.text = "new", .filter = field("tags").contains("urgent")}).value().hits.size() == 1);
}
