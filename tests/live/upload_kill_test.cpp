#include <chrono>
#include <cstdlib>
#include <set>

#include <docupilot/upload/uploader.h>

#include "live/kill_setting.h"
#include "support/object_calls.h"
#include "upload/upload_journal.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)
using testing::RecordedRequest;
using namespace std::chrono_literals;

// `docupilot put` dies at random instants and is run again, behind a proxy whose ledger tells what the server has
// acknowledged, whatever the process still saw of it.
namespace {

constexpr std::size_t file_size = (41U << 20U) + 123;  // nine parts

/// A part of an upload.
using Part = std::pair<std::string, int>;

std::string value_of(const std::string& target, const std::string& name) {
  const std::size_t at = target.find(name + '=');
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 1;
  return target.substr(begin, target.find('&', begin) - begin);
}

/// Parts of requests that the ledger counts from `first` on.
std::set<Part> parts_in(const testing::Record& record, std::size_t first, bool acknowledged) {
  std::set<Part> parts;
  for (std::size_t i = first; i < record.requests.size(); ++i) {
    const RecordedRequest& request = record.requests[i];
    const std::string number = value_of(request.target, "partNumber");
    if (request.method != "PUT" || number.empty() || (acknowledged && request.server_status != 200)) continue;
    parts.emplace(value_of(request.target, "uploadId"), std::stoi(number));
  }
  return parts;
}

bool has_completed(const testing::Record& record) {
  return std::ranges::any_of(record.requests, [](const RecordedRequest& request) {
    return request.method == "POST" && !value_of(request.target, "uploadId").empty() && request.server_status == 200;
  });
}

struct Figures {
  int kills = 0;
  int uploads = 0;
  int abandoned = 0;
  int known_to_server_alone = 0;   // parts that were acknowledged, of which the journal did not hear
  int found_complete = 0;          // completed when the process died, and it had not told so
  std::size_t orphans = 0;         // after a sweep
  std::size_t lost_by_server = 0;  // acknowledged, and gone after a completion that broke off
  std::size_t sent_again = 0;      // acknowledged, and still there
};

/// What happened, for whoever has to find out why.
std::string told(const testing::Record& record) {
  std::string text;
  for (const RecordedRequest& request : record.requests) {
    text += std::to_string(request.number) + ' ' + request.method + ' ' + request.target +
            (request.complete ? " whole, " : " cut off, ") + std::to_string(request.server_status) + ", " +
            std::to_string(request.reply_bytes) + " bytes of reply\n";
  }
  return text;
}

/// One file on its way under one key.
class KilledUpload {
 public:
  KilledUpload(KillSetting& setting, Figures& figures, const testing::TestAuthority* authority)
      : setting_(setting),
        figures_(figures),
        bytes_(setting.random_bytes(file_size)),
        way_(setting.way(authority)),
        key_("key" + std::to_string(++figures.uploads)),
        file_(setting.folder().write("source", bytes_)) {}

  /// Runs the command. False: it was killed.
  [[nodiscard]] bool run(std::chrono::nanoseconds time) {
    const testing::Record before = way_.record();
    std::optional<int> status;
    {
      OtherProcess process(
          {environment("DOCUPILOT_TEST_COMMAND"), "put", file_, way_.to(key_), "--quiet", "--journal",
           setting_.folder() / "journal", "--part-size", "5MiB", "--connections", "4", "--limit-rate", "120MiB"},
          setting_.surroundings(), setting_.folder() / "said");
      status = process.wait(time);
      if (!status) status = process.kill();
    }
    REQUIRE_MESSAGE(way_.settle(), "connections of a dead process stay open");
    const testing::Record after = way_.record();
    std::string again;
    for (const Part& part : parts_in(after, before.requests.size(), false)) {
      // Another upload than before sends all of them again.
      const bool anew = std::ranges::any_of(there_, [&](const Part& one) { return one.first != part.first; });
      if (!there_.contains(part) && !anew) continue;
      again += ' ' + std::to_string(part.second);
      ++figures_.sent_again;
    }
    CHECK_MESSAGE(again.empty(), key_, ": acknowledged and sent again: part", again, '\n', told(after));
    if (status) REQUIRE_MESSAGE(*status == 0, setting_.said(), '\n', told(after));
    return status.has_value();
  }

  /// After a kill: what server and journal know of it. True: it was all over, but that the process told so.
  [[nodiscard]] bool look() {
    ++figures_.kills;
    const testing::Record record = way_.record();
    UploadJournal journal(setting_.folder() / "journal", Clock::system());
    const auto entries = journal.take_stale(opened(way_.options)->location(), Timestamp{INT64_MAX}, {});
    REQUIRE_MESSAGE(entries, entries.error().to_string());
    REQUIRE(entries->size() <= 1);
    std::size_t written = 0;
    for (const JournalEntry& entry : *entries) {
      const auto parts = journal.parts(entry.id, {});
      REQUIRE(parts);
      written = parts->size();
      journal.release(entry.id);
    }
    const bool over = has_completed(record) && entries->empty();
    figures_.found_complete += has_completed(record) ? 1 : 0;
    if (!entries->empty())
      figures_.known_to_server_alone += std::max(0, static_cast<int>(parts_in(record, 0, true).size() - written));
    look_at_parts(record, over);
    return over;
  }

  void sweep() {
    auto uploader = make_uploader(opened(way_.options), {.journal = setting_.folder() / "journal"});
    REQUIRE(uploader);
    const auto swept = (*uploader)->sweep(Duration(), false);
    REQUIRE_MESSAGE(swept, swept.error().to_string());
    for (const SweptUpload& one : *swept) CHECK_MESSAGE(!one.error, one.error->to_string());
    // MinIO goes on listing an upload for a while whose completion broke off and was done nevertheless, though asked
    // for it, it knows of none.
    auto orphans = setting_.store().list_multipart(key_).value();
    std::erase_if(orphans, [&](const MultipartUpload& upload) {
      const auto parts = setting_.store().list_parts(upload);
      return upload.key != key_ || (!parts && parts.error().code() == ErrorCode::not_found);
    });
    figures_.orphans += orphans.size();
    const std::string left = orphans.empty() ? "" : orphans.front().upload_id;
    CHECK_MESSAGE(left.empty(), key_, ": an upload is left after a sweep: ", left, '\n', told(way_.record()));
  }

  void check_bytes(bool may_be_missing = false) {
    const std::string text = text_of(setting_.store(), key_);
    if (may_be_missing && text == "[not_found]") return;
    const bool same = text == bytes_;
    CHECK_MESSAGE(same, key_, ": ", text.size(), " bytes");
    if (figures_.uploads % 8 != 0) return;
    const auto url = setting_.store().presign(key_, {});
    REQUIRE(url);
    const std::string command = "curl --silent --globoff '" + std::string(url->expose()) + "' | cmp - '" + file_ + "'";
    CHECK_MESSAGE(std::system(command.c_str()) == 0, key_, ": curl reads other bytes");
  }
  void remove() { static_cast<void>(setting_.store().remove(key_)); }

 private:
  /// What is acknowledged is to be there. MinIO loses parts when the connection of a completion breaks off in the
  /// middle of it; that is not the client's doing, and counted apart.
  void look_at_parts(const testing::Record& record, bool over) {
    there_.clear();
    if (over) return;
    there_ = parts_in(record, 0, true);
    std::erase_if(there_, [&](const Part& part) { return given_up_.contains(part.first); });
    const auto uploads = setting_.store().list_multipart(key_);
    REQUIRE(uploads);
    if (uploads->empty()) return;
    REQUIRE(uploads->size() == 1);
    const std::string id = uploads->front().upload_id;
    std::erase_if(there_, [&](const Part& part) { return part.first != id; });  // of one that another took the place of
    const auto list = [&] {
      const auto parts = setting_.store().list_parts(uploads->front());
      std::set<Part> listed;
      if (parts) {
        for (const PartInfo& part : *parts) listed.emplace(id, part.number);
      }
      return listed;
    };
    // What broke off may still be at work there.
    std::set<Part> listed = list();
    for (std::set<Part> before; listed != before;) before = std::exchange(listed, list());
    const std::size_t lost = std::erase_if(there_, [&](const Part& part) { return !listed.contains(part); });
    figures_.lost_by_server += lost;
    const bool broke_off = std::ranges::any_of(record.requests, [&](const RecordedRequest& request) {
      return request.method == "POST" && value_of(request.target, "uploadId") == id && request.server_status != 200;
    });
    CHECK_MESSAGE((lost == 0 || broke_off), key_, ": the server lost parts\n", told(record));
    if (lost > 0) given_up_.insert(id);
    if (lost > 0) there_.clear();
  }

  KillSetting& setting_;
  Figures& figures_;
  const std::string bytes_;
  const KillSetting::Way way_;
  const std::string key_;
  const std::string file_;
  std::set<std::string> given_up_;  // uploads that the server has broken
  std::set<Part> there_;            // acknowledged, and not lost by the server
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
  std::chrono::nanoseconds whole = 60s;
  for (const bool tls : {false, true}) {
    KilledUpload undisturbed(setting, figures, tls ? &authority : nullptr);
    const auto begun = std::chrono::steady_clock::now();
    REQUIRE(undisturbed.run(60s));
    whole = std::min<std::chrono::nanoseconds>(whole, std::chrono::steady_clock::now() - begun);
    undisturbed.check_bytes();
    undisturbed.remove();
  }
  while (figures.kills < KillSetting::wanted_kills()) {
    KilledUpload upload(setting, figures, figures.uploads % 2 == 0 ? &authority : nullptr);
    const bool abandon = setting.chance()() % 6 == 0;
    bool done = false;
    while (!done && !upload.run(setting.instant(whole))) {
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
                        << figures.found_complete << ", parts that the server lost: " << figures.lost_by_server
                        << ", orphans: " << figures.orphans
                        << ", acknowledged parts sent again: " << figures.sent_again);
  CHECK(figures.sent_again == 0);
}
