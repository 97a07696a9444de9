#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <docupilot/testing/fault_proxy.h>
#include <docupilot/testing/scripted_server.h>

#include <doctest/doctest.h>

#include "faults/footprint.h"
#include "faults/watched_transport.h"
#include "store/s3_object_store.h"
#include "support/object_calls.h"
#include "support/scripted_streams.h"
#include "support/temp_dir.h"
#include "support/tiny_s3.h"
#include "support/virtual_time.h"

namespace docupilot_test {

/// What a call is to end with, and what the server is to have seen of it.
struct Expected {
  std::string code = "ok";  ///< ErrorCode by its name.
  std::string says = {};    ///< Stands in the error's text, hint and causes included.
  int attempts = 1;         ///< That the error tells; for a success, the requests that were sent.
  std::size_t faults = 1;   ///< That acted (I7).
  bool retryable = false;
  int status = 0;
  std::string service_code = {};
  std::optional<int> sends = {};     ///< Requests of the whole call. Default: `attempts`.
  std::optional<int> requests = {};  ///< Of these, how many the server read. Default: all.
  std::optional<int> trail = {};     ///< Earlier attempts among the causes. Default: all but the last.
};

/// One fault: an S3 in memory on a server that fails as it is told, the real store over the real transport before it,
/// with its waits in virtual time, and a look after each call at what must hold whatever failed:
///
///   I1  the object is absent, as it was, or has the very bytes; success is told only of these; no half file is left
///   I3  the server counts the requests that the error counts
///   I4  at the end no descriptor, thread or temporary file is left over
///   I5  the error tells code, operation, target, retryable, attempts, status, service code and request id, no secret
///   I6  the call ends by its deadline
///   I7  the fault did act
///
/// I2 is about uploads that are resumed, which are not the store's. I3 holds to the letter, since nothing below the
/// retry loop sends anything twice.
class FaultCase {
 public:
  struct Setting {
    std::string endpoint = {};  ///< Default: the server's URL.
    std::optional<docupilot::testing::ServerTls> tls = {};
    docupilot::http::TransportOptions transport = {};
    docupilot::Duration stall = {}, connect = {};
    int receive_buffer = 0;
    docupilot::Duration deadline = std::chrono::seconds(60);
  };
  using Script = docupilot::testing::Script;
  using Fault = docupilot::testing::Fault;
  using Fields = std::vector<docupilot::testing::Field>;

  static constexpr const char* secret_key = "madeUpSecretKey0123456789";
  static constexpr const char* session_token = "madeUpSessionToken0123456789";
  static constexpr const char* proxy_password = "madeUpProxyPassword";

  FaultCase() : FaultCase(Setting()) {}
  explicit FaultCase(Setting given)
      : setting(std::move(given)),
        server_(std::make_unique<docupilot::testing::ScriptedServer>(docupilot::testing::ServerOptions{
            .tls = setting.tls, .body_limit = 64U << 20U, .receive_buffer = setting.receive_buffer})) {
    REQUIRE(++alive_ == 1);  // what is left over is counted in the whole program
    server_->handle([this](const auto& request) { return next(request); });
    options.bucket = "bucket";
    options.region = "us-east-1";
    options.quirks = "r2";  // has all that S3 has but checksums
    options.credentials = docupilot::http::static_credentials({.access_key_id = "AKIDMADEUP",
                                                               .secret_access_key = docupilot::Secret(secret_key),
                                                               .session_token = docupilot::Secret(session_token),
                                                               .source = "test"});
  }
  FaultCase(const FaultCase&) = delete;
  FaultCase& operator=(const FaultCase&) = delete;
  ~FaultCase() {
    store_.reset();
    options = {};
    watch_.reset();
    proxy_.reset();
    server_.reset();
    before_.check_same();
    --alive_;
  }

  Setting setting;
  docupilot::S3Options options;  ///< Changed before the first use of `store`.
  VirtualTime time;
  TinyS3 s3;

  [[nodiscard]] docupilot::testing::ScriptedServer& server() { return *server_; }
  /// A proxy that is reached in the place of the server.
  docupilot::testing::FaultProxy& behind_proxy(docupilot::testing::ProxyOptions how = {}) {
    const bool secure = setting.tls || how.tls;
    proxy_ = std::make_unique<docupilot::testing::FaultProxy>("127.0.0.1", server_->port(), std::move(how));
    setting.endpoint = (secure ? "https" : "http") + std::string("://127.0.0.1:") + std::to_string(proxy_->port());
    return *proxy_;
  }
  [[nodiscard]] docupilot::S3Store& store() {
    if (store_) return *store_;
    watch_ = std::make_shared<WatchedTransport>();
    watch_->stall = setting.stall;
    watch_->connect = setting.connect;
    watch_->below = docupilot::http::make_transport(setting.transport);
    options.transport = watch_;
    options.endpoint = setting.endpoint.empty() ? server_->url() : setting.endpoint;
    auto opened = docupilot::open_s3_store(
        options, {.clock = &time.clock(), .sleeper = &time.sleeper(), .random = [] { return 0.5; }});
    REQUIRE_MESSAGE(opened, opened.error().to_string());
    store_ = *std::move(opened);
    return *store_;
  }

  // ---- what goes wrong --------------------------------------------------------------------------------------------
  /// The next request that has no script gets this one; so do `times - 1` more.
  void inject(const Script& script, int times = 1) {
    const std::lock_guard lock(mutex_);
    injected_.insert(injected_.end(), static_cast<std::size_t>(times), script);
  }
  void inject(const Fault& fault, int times = 1) { inject(sound({fault}), times); }
  void refuse(int status, const std::string& code, int times = 1, const Fields& headers = {}) {
    inject({.reply = refusal(status, code, headers)}, times);
  }
  /// What a sound server does, and on its way the faults.
  [[nodiscard]] Script sound(std::vector<Fault> faults = {}) {
    return {.respond = [this](const auto& request) { return s3.answer(request); }, .faults = std::move(faults)};
  }
  /// As servers refuse: with all that they know of the request.
  [[nodiscard]] static docupilot::testing::Reply refusal(int status, const std::string& code, Fields headers = {}) {
    headers.emplace_back("x-amz-request-id", "REFUSED");
    std::string body = "<?xml version=\"1.0\"?>\n<Error><Code>" + code + "</Code><Message>said the server</Message>";
    body += "<Token-0>" + std::string(session_token) + "</Token-0><StringToSign>AWS4-HMAC-SHA256 " + session_token;
    body += "</StringToSign><SignatureProvided>0123456789abcdef</SignatureProvided><RequestId>REFUSED</RequestId>";
    return {.status = status, .headers = std::move(headers), .body = code.empty() ? "" : body + "</Error>"};
  }

  // ---- calls, each looked at afterwards
  // ------------------------------------------------------------------------------
  /// Any other call.
  template <class Call>
  auto run(const std::string& operation, const std::string& key, const Expected& expected, Call&& call) {
    CAPTURE(operation);
    docupilot::S3Store& on = store();
    const docupilot::testing::Record before = record();
    const std::size_t fired_before = fired();
    const int sent_before = watch_->sends;
    const int listed_before = watch_->lists;
    const auto began = std::chrono::steady_clock::now();
    auto result = call(on, docupilot::Context{.deadline = docupilot::Deadline::after(setting.deadline)});
    const docupilot::Duration took(std::chrono::steady_clock::now() - began);
    CHECK_MESSAGE(took.nanoseconds() <= setting.deadline.nanoseconds() + late_end.nanoseconds(), "I6");
    CHECK(code_of(result) == expected.code);
    if (!result) check_error(result.error(), operation, key, expected);
    // An abort that was done is followed by a look at what is left, which is no attempt at it.
    const int looks = operation == "abort_multipart" ? watch_->lists - listed_before : 0;
    CHECK(looks <= (result ? 1 : 0));
    const int sends = watch_->sends - sent_before - looks;
    CHECK_MESSAGE(sends == expected.sends.value_or(expected.attempts), "I3");
    check_ledger(before.requests.size() + static_cast<std::size_t>(expected.requests.value_or(sends) + looks),
                 fired_before + expected.faults);
    return result;
  }

  void put(const std::string& key, const std::string& bytes, const Expected& expected,
           const docupilot::PutOptions& how = {}) {
    docupilot::MemoryReader body(docupilot::as_bytes(bytes));
    put_from(key, body, bytes, expected, how);
  }
  void put_from(const std::string& key, docupilot::Reader& body, const std::string& bytes, const Expected& expected,
                const docupilot::PutOptions& how = {}) {
    const auto was = s3.object(path(key));
    const auto done =
        run("put", key, expected, [&](auto& store, const auto& context) { return store.put(key, body, how, context); });
    const auto is = s3.object(path(key));
    CHECK_MESSAGE((done ? is == bytes : is == was || is == bytes), "I1");
    if (done) CHECK(done->size == bytes.size());
  }
  /// Into a file, which is there whole or not at all. Returns its bytes; none after a failure.
  std::string get(const std::string& key, const Expected& expected, const docupilot::GetOptions& how = {}) {
    const std::string file = folder_ / "target";
    const auto done = run("get", key, expected, [&](auto& store, const auto& context) {
      return docupilot::get_to_file(store, key, file, how, context);
    });
    const auto begin = std::filesystem::directory_iterator(folder_.path());
    CHECK_MESSAGE(std::distance(begin, std::filesystem::directory_iterator()) == (done ? 1 : 0), "I1, I4");
    if (!done) return {};
    std::ifstream stream(file, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    CHECK_MESSAGE((how.offset != 0 || how.length || bytes == s3.object(path(key))), "I1");
    std::filesystem::remove(file);
    return bytes;
  }

  /// What the server saw.
  [[nodiscard]] docupilot::testing::Record record() const { return server_->ledger().snapshot(); }
  [[nodiscard]] static std::string path(const std::string& key) { return "/bucket/" + key; }
  /// What the retry loop waited, in milliseconds.
  [[nodiscard]] std::vector<std::int64_t> waits() const {
    std::vector<std::int64_t> all;
    for (const docupilot::Duration one : time.sleeps()) all.push_back(one.nanoseconds() / 1'000'000);
    return all;
  }
  /// How many faults acted: those of connections and bytes, and replies that were injected and went out.
  [[nodiscard]] std::size_t fired() const {
    const docupilot::testing::Record all = record();
    std::size_t count = all.faults_fired();
    if (proxy_) count += proxy_->ledger().faults_fired();
    const std::lock_guard lock(mutex_);
    for (const std::size_t number : canned_) {
      const docupilot::testing::RecordedRequest& request = all.requests.at(number);
      count += request.reply_bytes > 0 && request.faults_fired.empty() ? 1 : 0;
    }
    return count;
  }

 private:
  Script next(const docupilot::testing::RecordedRequest& request) {
    const std::lock_guard lock(mutex_);
    if (injected_.empty()) return sound();
    Script script = std::move(injected_.front());
    injected_.pop_front();
    if (script.faults.empty()) canned_.insert(request.number);
    return script;
  }

  void check_error(const docupilot::Error& error, const std::string& operation, const std::string& key,
                   const Expected& expected) const {
    const std::string text = error.to_string();
    CAPTURE(text);
    CHECK(error.operation() == operation);  // I5, to the end
    CHECK(error.backend() == "s3");
    CHECK(error.target() == key);
    CHECK(error.attempts() == expected.attempts);
    CHECK(error.retryable() == expected.retryable);
    CHECK(error.http_status() == expected.status);
    CHECK(error.service_code() == expected.service_code);
    CHECK(error.request_id().empty() == (expected.status == 0));
    CHECK_FALSE(error.hint().empty());
    CHECK_MESSAGE(text.find(expected.says) != std::string::npos, expected.says);
    const bool exhausted = expected.retryable && expected.attempts > 1 && expected.attempts == 3;
    if (exhausted) CHECK(text.find("it was tried 3 times") != std::string::npos);
    for (const char* secret : {secret_key, session_token, proxy_password, "Signature=", "0123456789abcdef"}) {
      CHECK(text.find(secret) == std::string::npos);
    }
    int trail = 0;
    for (const docupilot::Error* cause = error.cause(); cause != nullptr; cause = cause->cause()) {
      trail += cause->operation().starts_with("attempt ") ? 1 : 0;
    }
    CHECK(trail == expected.trail.value_or(expected.attempts - 1));
  }

  // What the server writes down may lag behind what its client knows.
  void check_ledger(std::size_t requests, std::size_t faults) const {
    static_cast<void>(server_->ledger().wait_until([&](const auto& all) { return all.requests.size() >= requests; }));
    for (int i = 0; i < 2000 && fired() < faults; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    CHECK_MESSAGE(record().requests.size() == requests, "I3");
    CHECK_MESSAGE(fired() == faults, "I7");
  }

  static inline int alive_ = 0;
  const Footprint before_ = Footprint::settled();
  TempDir folder_;
  mutable std::mutex mutex_;
  std::deque<Script> injected_;
  std::set<std::size_t> canned_;  // requests that got a reply of the test's
  std::unique_ptr<docupilot::testing::ScriptedServer> server_;
  std::unique_ptr<docupilot::testing::FaultProxy> proxy_;
  std::shared_ptr<WatchedTransport> watch_;
  std::unique_ptr<docupilot::S3Store> store_;
};

}  // namespace docupilot_test
