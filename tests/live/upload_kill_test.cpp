#include <chrono>
#include <cstdlib>
#include <set>

#include <docupilot/upload/uploader.h>

#include "live/kill_setting.h"
#include "support/object_calls.h"
#include "upload/upload_journal.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)
using testing::FaultProxy;
using testing::RecordedConnection;
using testing::RecordedRequest;
using namespace std::chrono_literals;

// `docupilot put` dies at random instants and is run again, behind a proxy whose ledger tells what the server has
// acknowledged, whatever the process still saw of it.
namespace {

constexpr std::size_t file_size = (41U << 20U) + 123;  // nine parts

/// Parts of requests that the ledger counts from `first` on.
std::set<int> parts_in(const testing::Record& record, std::size_t first, bool acknowledged) {
  std::set<int> numbers;
  for (std::size_t i = first; i < record.requests.size(); ++i) {
    const RecordedRequest& request = record.requests[i];
    const std::size_t at = request.target.find("partNumber=");
    if (request.method != "PUT" || at == std::string::npos || (acknowledged && request.server_status != 200)) continue;
    numbers.insert(std::atoi(request.target.c_str() + at + 11));
  }
  return numbers;
}

bool has_completed(const testing::Record& record) {
  return std::ranges::any_of(record.requests, [](const RecordedRequest& request) {
    return request.method == "POST" && request.target.find("uploadId=") != std::string::npos &&
           request.server_status == 200;
  });
}

struct Figures {
  int kills = 0;
  int uploads = 0;
  int abandoned = 0;
  int known_to_server_alone = 0;  // parts that were acknowledged, of which the journal did not hear
  int found_complete = 0;         // completed when the process died, and it had not told so
  int sent_again = 0;             // acknowledged parts
};

/// One file on its way under one key.
class KilledUpload {
 public:
  KilledUpload(KillSetting& setting, Figures& figures, const testing::TestAuthority* authority)
      : setting_(setting), figures_(figures), bytes_(setting.random_bytes(file_size)) {
    options_ = setting.options();
    proxy_ = proxy_before(options_.endpoint,
                          {.body_limit = 0, .tls = authority ? std::optional(authority->server()) : std::nullopt});
    options_.endpoint = proxy_->url();
    key_ = "key" + std::to_string(++figures.uploads);
    file_ = setting.folder().write("source", bytes_);
    url_ = "s3://" + options_.bucket + '/' + key_ + "?region=us-east-1&endpoint=" + options_.endpoint;
    if (authority == nullptr) return;
    url_ += "&checksums=when_supported&ca_file=" + authority->root_file();
    options_.transport = http::make_transport({.tls = {.ca_file = authority->root_file()}});
  }

  /// Runs the command. False: it was killed.
  [[nodiscard]] bool run(std::chrono::nanoseconds time) {
    const testing::Record before = proxy_->ledger().snapshot();
    const std::set<int> acknowledged = parts_in(before, 0, true);
    const bool completed = has_completed(before);
    std::optional<int> status;
    {
      OtherProcess process(
          {environment("DOCUPILOT_TEST_COMMAND"), "put", file_, url_, "--quiet", "--journal",
           setting_.folder() / "journal", "--part-size", "5MiB", "--connections", "4", "--limit-rate", "120MiB"},
          setting_.surroundings(), setting_.folder() / "said");
      status = process.wait(time);
      if (!status) status = process.kill();
    }
    REQUIRE_MESSAGE(proxy_->ledger().wait_until(all_ended, 60s), "connections of a dead process stay open");
    const testing::Record after = proxy_->ledger().snapshot();
    for (const int number : parts_in(after, before.requests.size(), false)) {
      const bool again = acknowledged.contains(number) || (completed && !over_);
      CHECK_MESSAGE(!again, key_, ": part ", number, " was acknowledged, and sent again");
      figures_.sent_again += again ? 1 : 0;
    }
    if (status) REQUIRE_MESSAGE(*status == 0, setting_.said());
    return status.has_value();
  }

  /// After a kill: what server and journal know of it. True: it was all over, but that the process told so.
  [[nodiscard]] bool look() {
    ++figures_.kills;
    const testing::Record record = proxy_->ledger().snapshot();
    UploadJournal journal(setting_.folder() / "journal", Clock::system());
    const auto entries = journal.take_stale(opened(options_)->location(), Timestamp{INT64_MAX}, {});
    REQUIRE_MESSAGE(entries, entries.error().to_string());
    REQUIRE(entries->size() <= 1);
    std::size_t written = 0;
    for (const JournalEntry& entry : *entries) {
      const auto parts = journal.parts(entry.id, {});
      REQUIRE(parts);
      written = parts->size();
      journal.release(entry.id);
    }
    over_ = has_completed(record) && entries->empty();
    figures_.found_complete += has_completed(record) ? 1 : 0;
    if (!entries->empty())
      figures_.known_to_server_alone += static_cast<int>(parts_in(record, 0, true).size() - written);
    return over_;
  }

  void sweep() {
    auto uploader = make_uploader(opened(options_), {.journal = setting_.folder() / "journal"});
    REQUIRE(uploader);
    const auto swept = (*uploader)->sweep(Duration(), false);
    REQUIRE_MESSAGE(swept, swept.error().to_string());
    for (const SweptUpload& one : *swept) CHECK_MESSAGE(!one.error, one.error->to_string());
    const auto orphans = setting_.store().list_multipart();
    REQUIRE(orphans);
    CHECK_MESSAGE(orphans->empty(), key_, ": ", orphans->size(), " uploads are left after a sweep");
  }

  void check_bytes(bool may_be_missing = false) {
    const std::string text = text_of(setting_.store(), key_);
    if (may_be_missing && text == "[not_found]") return;
    CHECK_MESSAGE(text == bytes_, key_, ": ", text.size(), " bytes");
    if (figures_.uploads % 8 != 0) return;
    const auto url = setting_.store().presign(key_, {});
    REQUIRE(url);
    const std::string command = "curl --silent --globoff '" + std::string(url->expose()) + "' | cmp - '" + file_ + "'";
    CHECK_MESSAGE(std::system(command.c_str()) == 0, key_, ": curl reads other bytes");
  }
  void remove() { static_cast<void>(setting_.store().remove(key_)); }

 private:
  static bool all_ended(const testing::Record& record) {
    return std::ranges::none_of(record.connections, [](const RecordedConnection& connection) {
      return connection.ending == RecordedConnection::Ending::open;
    });
  }

  KillSetting& setting_;
  Figures& figures_;
  const std::string bytes_;
  S3Options options_;
  std::unique_ptr<FaultProxy> proxy_;
  std::string key_;
  std::string file_;
  std::string url_;
  bool over_ = false;
};

}  // namespace

TYPE_TO_STRING(MinioServer);
TYPE_TO_STRING(VersitygwServer);
#define SERVERS MinioServer, VersitygwServer

TEST_CASE_TEMPLATE("an upload that is killed again and again sends no acknowledged part twice", Server, SERVERS) {
  if (Server::options().endpoint.empty()) return;
  KillSetting setting(Server::options());
  MESSAGE("seed " << setting.seed());
  const testing::TestAuthority authority;
  Figures figures;
  std::chrono::nanoseconds whole{};
  for (const bool tls : {false, true}) {
    KilledUpload undisturbed(setting, figures, tls ? &authority : nullptr);
    const auto begun = std::chrono::steady_clock::now();
    REQUIRE(undisturbed.run(60s));
    whole = std::max<std::chrono::nanoseconds>(whole, std::chrono::steady_clock::now() - begun);
    undisturbed.check_bytes();
    undisturbed.remove();
  }
  const auto instant = [&] {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(setting.fraction() * static_cast<double>(whole.count())));
  };
  while (figures.kills < KillSetting::wanted_kills()) {
    KilledUpload upload(setting, figures, figures.uploads % 2 == 0 ? &authority : nullptr);
    const bool abandon = setting.chance()() % 6 == 0;
    bool done = false;
    while (!done && !upload.run(instant())) {
      done = upload.look() || abandon;
      figures.abandoned += abandon ? 1 : 0;
    }
    upload.sweep();
    upload.check_bytes(abandon);
    upload.remove();
  }
  MESSAGE(figures.kills << " kills of " << figures.uploads << " uploads (" << whole.count() / 1'000'000
                        << " ms undisturbed), " << figures.abandoned
                        << " of them abandoned; acknowledged parts that the journal had not "
                        << "heard of: " << figures.known_to_server_alone << ", completed and not told: "
                        << figures.found_complete << ", acknowledged parts sent again: " << figures.sent_again);
  CHECK(figures.sent_again == 0);
}
