#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <docupilot/testing/fault_proxy.h>
#include <docupilot/upload/downloader.h>
#include <docupilot/upload/uploader.h>

#include <doctest/doctest.h>

#include "faults/footprint.h"
#include "faults/upload/servers.h"
#include "faults/watched_transport.h"
#include "store/s3_object_store.h"
#include "support/object_calls.h"
#include "support/scripted_streams.h"
#include "support/temp_dir.h"

namespace docupilot_test {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;
constexpr std::size_t part_size = 5 * mebibyte;  // the smallest

/// Three parts, the last of them short. Made once.
inline const std::string& three_parts() {
  static const std::string text = pattern(11 * mebibyte);
  return text;
}

/// What a request is, in a word: "begin", "part 2", "parts" (a list of them), "complete", "abort"; "whole", "head",
/// "get".
inline std::string kind_of(const docupilot::testing::RecordedRequest& request) {
  const auto has = [&](std::string_view text) { return request.target.find(text) != std::string::npos; };
  if (has("partNumber="))
    return "part " + std::to_string(std::stoi(request.target.substr(request.target.find("partNumber=") + 11)));
  if (has("uploadId=")) return request.method == "POST" ? "complete" : request.method == "DELETE" ? "abort" : "parts";
  if (has("uploads")) return request.method == "POST" ? "begin" : "uploads";
  if (request.method == "PUT") return "whole";
  return request.method == "HEAD" ? "head" : request.method == "GET" ? "get" : "other";
}

/// What a transfer is to end with.
struct Ends {
  std::string code = "ok";
  std::string says = {};                         ///< Stands in the error's text, hint and causes included.
  std::size_t faults = 1;                        ///< That acted (I7).
  std::optional<unsigned> attempts_failed = {};  ///< Of a success.
  bool retryable = false;
  bool kept = false;                 ///< Something is left for another run.
  std::set<std::string> again = {};  ///< What may be sent again though it was acknowledged.
};

/// One fault between uploads or downloads and a server: the fault proxy in between, the real store over the real
/// transport before it, and a look after each transfer at what must hold whatever failed:
///
///   I1  the object is absent, as it was, or has the very bytes; success is told only of these; no half file is left
///   I2  no part that was acknowledged is sent again
///   I3  the server counts the requests that went out, no more and no fewer
///   I4  of a transfer that failed, nothing is left at the store but what another run goes on with, and of none a
///       descriptor, thread or temporary file
///   I5  the error tells operation, target, retryable and a hint, and no secret
///   I6  it ends by its deadline
///   I7  the fault did act
template <class Server>
class UploadFault {
 public:
  using ProxyScript = docupilot::testing::ProxyScript;
  using Reply = docupilot::testing::Reply;
  using RecordedRequest = docupilot::testing::RecordedRequest;

  struct Setting {
    docupilot::Duration stall = {};  ///< 0: as usual, 20 s.
    docupilot::Duration deadline = std::chrono::seconds(60);
    docupilot::S3Checksums checksums = docupilot::S3Checksums::when_required;
    std::shared_ptr<docupilot::http::CredentialsProvider> credentials = {};
    docupilot::S3Tuning tuning = {};
    bool journal = true;
    unsigned connections = 2;
    docupilot::Duration patience = {};
    int receive_buffer = 0;
  };

  UploadFault() : UploadFault(Setting()) {}
  explicit UploadFault(Setting given) : setting(std::move(given)) {
    if (!is_there(server_)) return;
    docupilot::S3Options options = server_.options();
    options.retry.transient_base = std::chrono::milliseconds(5);
    options.retry.throttle_base = std::chrono::milliseconds(20);
    direct_ = docupilot::open_s3_store(options).value();
    REQUIRE(direct_->create_bucket());
    const std::size_t colon = options.endpoint.rfind(':');
    proxy_ = std::make_unique<docupilot::testing::FaultProxy>(
        "127.0.0.1", static_cast<std::uint16_t>(std::stoi(options.endpoint.substr(colon + 1))),
        docupilot::testing::ProxyOptions{.body_limit = 0, .receive_buffer = setting.receive_buffer});
    proxy_->handle([this](const RecordedRequest& request) { return next(request); });
    watch_ = std::make_shared<WatchedTransport>();
    watch_->stall = setting.stall;
    watch_->below = docupilot::http::make_transport();
    options.transport = watch_;
    options.endpoint = proxy_->url();
    options.checksums = setting.checksums;
    if (setting.credentials) options.credentials = setting.credentials;
    store_ = docupilot::open_s3_store(options, setting.tuning).value();
    options_ = options;
    docupilot::UploaderOptions how{.connections = setting.connections,
                                   .most_connections = 0,
                                   .part_size = part_size,
                                   .retry = options.retry,
                                   .patience = setting.patience};
    if (setting.journal) how.journal = folder_ / "uploads.db";
    uploader_options = how;
    new_run();
    docupilot::DownloaderOptions ranges{.connections = setting.connections};
    ranges.range_size = mebibyte;
    downloader_ = docupilot::make_downloader(store_, ranges).value();
  }
  UploadFault(const UploadFault&) = delete;
  UploadFault& operator=(const UploadFault&) = delete;
  ~UploadFault() {
    if (proxy_) {
      proxy_->release();
      uploader_.reset();
      downloader_.reset();
      store_.reset();
      direct_.reset();
      options_ = {};
      watch_.reset();
      proxy_.reset();
    }
  }

  Setting setting;
  docupilot::UploaderOptions uploader_options;

  /// False: there is no such server here.
  [[nodiscard]] bool is_on() const { return proxy_ != nullptr; }
  [[nodiscard]] docupilot::testing::FaultProxy& proxy() { return *proxy_; }
  /// What goes past the proxy.
  [[nodiscard]] docupilot::S3Store& direct() { return *direct_; }
  [[nodiscard]] docupilot::S3Store& store() { return *store_; }
  /// Of the store behind the proxy.
  [[nodiscard]] const docupilot::S3Options& options() const { return options_; }
  [[nodiscard]] docupilot::Uploader& uploader() { return *uploader_; }
  [[nodiscard]] docupilot::Downloader& downloader() { return *downloader_; }
  [[nodiscard]] const TempDir& folder() const { return folder_; }
  /// As another process would: nothing is known but what the journal knows.
  void new_run() {
    uploader_.reset();
    uploader_ = docupilot::make_uploader(store_, uploader_options).value();
  }

  // ---- what goes wrong ----
  /// Of the requests of this kind that have no script, the next `times` behind `after` sound ones get this one.
  void on(const std::string& kind, const ProxyScript& script, int times = 1, int after = 0) {
    const std::lock_guard lock(mutex_);
    auto& queue = scripts_[kind];
    queue.insert(queue.end(), static_cast<std::size_t>(after), ProxyScript{});
    queue.insert(queue.end(), static_cast<std::size_t>(times), script);
  }
  void on(const std::string& kind, const docupilot::testing::Fault& fault, int times = 1, int after = 0) {
    on(kind, ProxyScript{.faults = {fault}}, times, after);
  }
  /// Called for each request before it goes on. Any thread.
  std::function<void(const std::string& kind)> on_request = {};
  /// Asked next; comes before the scripts.
  std::function<std::optional<ProxyScript>(const RecordedRequest&)> decide = {};
  [[nodiscard]] static Reply refusal(int status, const std::string& code) {
    return {.status = status,
            .headers = {{"Content-Type", "application/xml"}},
            .body = "<Error><Code>" + code + "</Code><Message>said the proxy</Message></Error>"};
  }

  // ---- transfers; nothing comes back of those that fail ----
  std::optional<docupilot::UploadResult> upload(docupilot::Source& source, const std::string& bytes, const Ends& ends,
                                                const docupilot::UploadOptions& how = {},
                                                const std::string& key = "k") {
    const std::string was = text_of(*direct_, key);
    begin();
    auto result = uploader_->upload(source, key, how, context());
    const std::string is = text_of(*direct_, key);
    CHECK_MESSAGE((result ? is == bytes : is == was || is == bytes), "I1");
    if (result) CHECK(result->object.size == bytes.size());
    if (result && ends.attempts_failed) CHECK(result->attempts_failed == *ends.attempts_failed);
    check_end(result, ends, key);
    check_acknowledged(ends);
    CHECK_MESSAGE(uploads(key).size() == (ends.kept ? 1 : 0), "I4");
    if (setting.journal) {
      const auto remembered = uploader_->sweep({}, true);
      REQUIRE(remembered);
      CHECK_MESSAGE(remembered->size() == (ends.kept ? 1 : 0), "I4");
    }
    return result ? std::optional(*std::move(result)) : std::nullopt;
  }
  /// From a file, which the journal knows again.
  std::optional<docupilot::UploadResult> upload(const std::string& bytes, const Ends& ends,
                                                const docupilot::UploadOptions& how = {},
                                                const std::string& key = "k") {
    const std::string path = file_of(bytes);
    const auto source = docupilot::file_source(path);
    REQUIRE(source);
    return upload(**source, bytes, ends, how, key);
  }
  /// The file that `upload` makes of these bytes, written once.
  std::string file_of(const std::string& bytes) {
    const std::string path = folder_ / "source";
    if (!std::filesystem::exists(path)) folder_.write("source", bytes);
    return path;
  }

  /// Into a file, which is there whole or not at all. Something is left beside it only when `ends.kept`.
  std::optional<docupilot::DownloadResult> download(const Ends& ends, const std::string& key = "k") {
    const std::string is = text_of(*direct_, key);
    begin();
    auto result = downloader_->to_file(key, target_ / "target", {}, context());
    const auto files =
        std::distance(std::filesystem::directory_iterator(target_.path()), std::filesystem::directory_iterator());
    if (result) {
      std::ifstream stream(target_ / "target", std::ios::binary);
      CHECK_MESSAGE(std::string(std::istreambuf_iterator<char>(stream), {}) == is, "I1");
      CHECK_MESSAGE(files == 1, "I4");
      if (ends.attempts_failed) CHECK(result->attempts_failed == *ends.attempts_failed);
      std::filesystem::remove(target_ / "target");
    } else {
      CHECK_MESSAGE(!std::filesystem::exists(target_ / "target"), "I1");
      CHECK_MESSAGE((files > 0) == ends.kept, "I4");
    }
    check_end(result, ends, key);
    return result ? std::optional(*std::move(result)) : std::nullopt;
  }

  // ---- what was seen ----
  /// Under way at the server.
  [[nodiscard]] std::vector<docupilot::MultipartUpload> uploads(const std::string& key = "k") {
    auto all = direct_->list_multipart(key);
    REQUIRE(all);
    return *std::move(all);
  }
  /// As somebody else would.
  void abort_all() {
    for (const docupilot::MultipartUpload& upload : uploads()) REQUIRE(direct_->abort_multipart(upload));
  }
  /// Requests since the last transfer began.
  [[nodiscard]] std::vector<RecordedRequest> requests() const {
    auto all = proxy_->ledger().snapshot().requests;
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first_));
    return all;
  }
  [[nodiscard]] std::size_t count(const std::string& kind) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(requests(), [&](const RecordedRequest& one) { return kind_of(one) == kind; }));
  }
  /// Parts with the number of requests for each.
  [[nodiscard]] std::vector<std::size_t> sent(int parts = 3) const {
    std::vector<std::size_t> counts;
    for (int i = 1; i <= parts; ++i) counts.push_back(count("part " + std::to_string(i)));
    return counts;
  }
  [[nodiscard]] docupilot::Context context() const {
    return {.deadline = docupilot::Deadline::after(setting.deadline), .stop = {}};
  }
  /// Forgets what was seen. What is still on its way, of a transfer that failed, is given a moment.
  void begin() {
    static_cast<void>(proxy_->ledger().wait_until(
        [&](const auto& all) { return all.requests.size() >= static_cast<std::size_t>(watch_->sends); },
        std::chrono::milliseconds(100)));
    first_ = proxy_->ledger().snapshot().requests.size();
    sends_ = watch_->sends;
    fired_ = fired();
    began_ = std::chrono::steady_clock::now();
  }
  /// How many faults acted: those of bytes and connections, and replies that were changed and went out.
  [[nodiscard]] std::size_t fired() const {
    const auto all = proxy_->ledger().snapshot();
    std::size_t count = all.faults_fired();
    const std::lock_guard lock(mutex_);
    for (const std::size_t number : canned_) {
      const RecordedRequest& request = all.requests.at(number);
      count += request.reply_bytes > 0 && request.faults_fired.empty() ? 1 : 0;
    }
    return count;
  }
  /// I3, I5 to I7 of what ended just now.
  template <class T>
  void check_end(const docupilot::Result<T>& result, const Ends& ends, const std::string& key) {
    const docupilot::Duration took(std::chrono::steady_clock::now() - began_);
    CHECK_MESSAGE(took.nanoseconds() <= setting.deadline.nanoseconds() + late_end.nanoseconds(), "I6");
    CAPTURE((result ? std::string() : result.error().to_string()));
    CHECK(code_of(result) == ends.code);
    if (!result) check_error(result.error(), ends, key);
    // What is written down may lag behind what the client knows.
    for (int i = 0; i < 2000 && fired() < fired_ + ends.faults; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    CHECK_MESSAGE(fired() - fired_ == ends.faults, "I7");
    // Of what is cancelled, not all that was begun has gone out.
    const auto sends = static_cast<std::size_t>(watch_->sends - sends_);
    CHECK_MESSAGE(requests().size() <= sends, "I3");
    if (ends.code == "ok") CHECK_MESSAGE(requests().size() == sends, "I3");
  }

 private:
  ProxyScript next(const RecordedRequest& request) {
    const std::string kind = kind_of(request);
    if (on_request) on_request(kind);
    std::optional<ProxyScript> decided = decide ? decide(request) : std::nullopt;
    const std::lock_guard lock(mutex_);
    auto& queue = scripts_[kind];
    if (!decided && queue.empty()) return {};
    ProxyScript script = std::move(decided ? *decided : queue.front());
    if (!decided) queue.pop_front();
    if (script.replace || script.withhold) canned_.insert(request.number);
    return script;
  }
  static void check_error(const docupilot::Error& error, const Ends& ends, const std::string& key) {
    const std::string text = error.to_string();
    CHECK_FALSE(error.operation().empty());  // I5, to the end
    CHECK(error.target() == key);
    CHECK(error.retryable() == ends.retryable);
    CHECK_FALSE(error.hint().empty());
    CHECK_MESSAGE(text.find(ends.says) != std::string::npos, ends.says);
    for (const char* secret : {"madeUpSecretKey", "docupilot-test-secret", "Signature="}) {
      CHECK(text.find(secret) == std::string::npos);
    }
  }
  /// I2.
  void check_acknowledged(const Ends& ends) const {
    std::set<std::string> acknowledged;
    for (const RecordedRequest& request : requests()) {
      if (request.method != "PUT" || ends.again.contains(kind_of(request))) continue;
      CAPTURE(request.target);
      CHECK_MESSAGE(!acknowledged.contains(request.target), "I2");
      const std::lock_guard lock(mutex_);
      const bool sound = request.faults_fired.empty() && !canned_.contains(request.number);
      if (sound && request.status == 200 && request.reply_complete) {
        acknowledged.insert(request.target);
      }
    }
  }

  struct Leaves {
    Footprint before = Footprint::settled();
    ~Leaves() { before.check_same(); }
  };
  Leaves leaves_;  // looked at when all else is gone
  Server server_;
  TempDir folder_, target_;
  docupilot::S3Options options_;
  std::shared_ptr<docupilot::S3Store> direct_, store_;
  std::unique_ptr<docupilot::testing::FaultProxy> proxy_;
  std::shared_ptr<WatchedTransport> watch_;
  std::unique_ptr<docupilot::Uploader> uploader_;
  std::unique_ptr<docupilot::Downloader> downloader_;
  mutable std::mutex mutex_;  // of what follows
  std::map<std::string, std::deque<ProxyScript>> scripts_;
  std::set<std::size_t> canned_;  // requests with a reply of the test's
  std::size_t first_ = 0, fired_ = 0;
  int sends_ = 0;
  std::chrono::steady_clock::time_point began_;
};

}  // namespace docupilot_test

/// One row of the matrix on every server: TEST_CASE_TEMPLATE, left out where there is no such server.
#define FAULT_ROW(name) TEST_CASE_TEMPLATE(name, Server, UPLOAD_SERVERS)
