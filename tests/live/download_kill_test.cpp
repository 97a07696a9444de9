#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>

#include <docupilot/store/object_url.h>
#include <docupilot/upload/downloader.h>

#include "live/kill_setting.h"
#include "support/object_calls.h"
#include "upload/download_record.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;

// A process dies at random instants while it downloads, and is run again, behind a proxy whose ledger tells what was
// asked for.
namespace {

constexpr std::size_t object_size = (41U << 20U) + 123;
constexpr std::uint64_t range_size = std::uint64_t{1} << 20U;
constexpr std::uint64_t ranges = object_size / range_size + 1;
constexpr const char* process_name = "a process that downloads and is killed";

/// Ranges that were asked for by requests from `first` on.
std::set<std::uint64_t> ranges_in(const testing::Record& record, std::size_t first) {
  std::set<std::uint64_t> indexes;
  for (std::size_t i = first; i < record.requests.size(); ++i) {
    const std::string range(record.requests[i].header("range"));
    if (range.starts_with("bytes=")) indexes.insert(std::stoull(range.substr(6)) / range_size);
  }
  return indexes;
}

struct Figures {
  int kills = 0;
  int downloads = 0;
  std::size_t resumed = 0;        // ranges that were on the disk
  std::size_t fetched_again = 0;  // of them
};

class KilledDownload {
 public:
  KilledDownload(KillSetting& setting, Figures& figures, const std::string& bytes,
                 const testing::TestAuthority* authority)
      : setting_(setting), figures_(figures), bytes_(bytes), way_(setting.way(authority)) {
    ++figures.downloads;
    std::filesystem::create_directory(setting.folder() / "into");
  }
  ~KilledDownload() { std::filesystem::remove_all(setting_.folder() / "into"); }

  /// False: it was killed.
  [[nodiscard]] bool run(std::chrono::nanoseconds time) {
    const std::set<std::uint64_t> there = recorded();
    const std::size_t first = way_.record().requests.size();
    std::optional<int> status;
    {
      std::vector<std::string> surroundings = setting_.surroundings();
      surroundings.push_back("DOCUPILOT_TEST_DOWNLOAD=" + way_.to("k"));
      surroundings.push_back("DOCUPILOT_TEST_DOWNLOAD_FILE=" + target());
      OtherProcess process({"/proc/self/exe", "--no-skip", "--no-colors", std::string("--test-case=") + process_name},
                           surroundings, setting_.folder() / "said");
      status = process.wait(time);
      if (!status) status = process.kill();
    }
    REQUIRE_MESSAGE(way_.settle(), "connections of a dead process stay open");
    figures_.resumed += there.size();
    for (const std::uint64_t index : ranges_in(way_.record(), first)) {
      CHECK_MESSAGE(!there.contains(index), "range ", index, " was on the disk, and is fetched again");
      figures_.fetched_again += there.contains(index) ? 1 : 0;
    }
    if (status) REQUIRE_MESSAGE(*status == 0, setting_.said());
    if (!status) ++figures_.kills;
    if (!status && std::filesystem::exists(target())) check_bytes();  // whole, or not there
    return status.has_value();
  }

  void check_bytes() const {
    std::ifstream file(target(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const bool same = text == bytes_;
    CHECK_MESSAGE(same, text.size(), " bytes");
  }
  void check_left_behind() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(setting_.folder() / "into"))
      names.push_back(entry.path().filename());
    CHECK(names == std::vector<std::string>{"target"});
  }

 private:
  [[nodiscard]] std::string target() const { return setting_.folder() / "into/target"; }

  /// The ranges that the record beside the target tells of.
  [[nodiscard]] std::set<std::uint64_t> recorded() const {
    std::set<std::uint64_t> indexes;
    for (const auto& entry : std::filesystem::directory_iterator(setting_.folder() / "into")) {
      if (entry.path().extension() != ".record") continue;
      // Without the bytes that it tells of, a record is worth nothing: these have taken their name just now.
      if (!std::filesystem::exists(std::filesystem::path(entry.path()).replace_extension(".part"))) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      const DownloadRecord record({.location = opened(way_.options)->location(),
                                   .key = "k",
                                   .etag = setting_.store().head("k")->etag,
                                   .size = object_size,
                                   .range_size = range_size});
      for (const auto& one : record.read(as_bytes(text), ranges)) indexes.insert(one.index);
    }
    return indexes;
  }

  KillSetting& setting_;
  Figures& figures_;
  const std::string& bytes_;
  const KillSetting::Way way_;
};

}  // namespace

// Started by the test below as a process of its own.
TEST_CASE("a process that downloads and is killed" * doctest::skip()) {
  const auto object = ObjectUrl::parse(environment("DOCUPILOT_TEST_DOWNLOAD"));
  REQUIRE(object);
  const auto url = BackendUrl::parse(object->store);
  REQUIRE(url);
  auto options = S3Options::from_url(*url);
  REQUIRE(options);
  auto downloader =
      make_downloader(opened(*std::move(options)),
                      {.connections = 4, .range_size = range_size, .bytes_per_second = std::uint64_t{120} << 20U});
  REQUIRE(downloader);
  const auto got = (*downloader)->to_file(object->key, environment("DOCUPILOT_TEST_DOWNLOAD_FILE"));
  REQUIRE_MESSAGE(got, got.error().to_string());
}

TYPE_TO_STRING(MinioServer);
TYPE_TO_STRING(VersitygwServer);
#define SERVERS MinioServer, VersitygwServer

TEST_CASE_TEMPLATE("a download that is killed again and again fetches nothing that is on the disk", Server, SERVERS) {
  if (Server::options().endpoint.empty()) return;
  KillSetting setting(Server::options());
  MESSAGE("seed " << setting.seed());
  const std::string bytes = setting.random_bytes(object_size);
  REQUIRE(put_text(setting.store(), "k", bytes));
  const testing::TestAuthority authority;
  Figures figures;
  std::chrono::nanoseconds whole = 60s;
  for (const bool tls : {false, true}) {
    KilledDownload undisturbed(setting, figures, bytes, tls ? &authority : nullptr);
    const auto begun = std::chrono::steady_clock::now();
    REQUIRE(undisturbed.run(60s));
    whole = std::min<std::chrono::nanoseconds>(whole, std::chrono::steady_clock::now() - begun);
    undisturbed.check_bytes();
  }
  while (figures.kills < KillSetting::wanted_kills()) {
    KilledDownload download(setting, figures, bytes, figures.downloads % 2 == 0 ? &authority : nullptr);
    while (!download.run(setting.instant(whole))) continue;
    download.check_bytes();
    download.check_left_behind();
  }
  MESSAGE(figures.kills << " kills of " << figures.downloads << " downloads (" << whole.count() / 1'000'000
                        << " ms undisturbed); ranges found on the disk: " << figures.resumed
                        << ", fetched again of them: " << figures.fetched_again);
  CHECK(figures.resumed > 0);
}
