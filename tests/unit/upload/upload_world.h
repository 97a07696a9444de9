#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <docupilot/store/memory_store.h>
#include <docupilot/store/s3_store.h>
#include <docupilot/testing/scripted_server.h>

#include "support/tiny_s3.h"

namespace docupilot_test {

/// A store to upload to: in memory, by its blocking calls, or an S3 in memory behind the real transport, with trouble
/// on demand. Trouble is that of the second alone.
class UploadWorld {
 public:
  explicit UploadWorld(bool over_http) {
    if (!over_http) {
      store = docupilot::make_memory_store();
      return;
    }
    server_ = std::make_unique<docupilot::testing::ScriptedServer>(
        [this](const docupilot::testing::RecordedRequest& request) { return script(request); },
        docupilot::testing::ServerOptions{.body_limit = 64U << 20U});
    docupilot::S3Options options;
    options.bucket = "bucket";
    options.region = "us-east-1";
    options.quirks = "r2";  // has all that S3 has but checksums
    options.endpoint = server_->url();
    options.credentials = docupilot::http::static_credentials({.access_key_id = "AKIDMADEUP",
                                                               .secret_access_key = docupilot::Secret("madeUpSecret"),
                                                               .session_token = {},
                                                               .source = "test"});
    store = docupilot::open_s3_store(std::move(options)).value();
  }

  std::shared_ptr<docupilot::ObjectStore> store;
  std::atomic<int> refuse_part = 0;        ///< This part is refused for good; 0: none.
  std::atomic<int> stall_part = 0;         ///< This one stalls until `release`.
  std::atomic<bool> think = false;         ///< It is long before an upload has begun: 300 ms.
  std::atomic<bool> refuse_lists = false;  ///< Nobody may ask for the parts of an upload.
  std::atomic<int> fail_times = 0;         ///< So many part requests are answered with 500.
  std::atomic<int> lose_puts = 0;          ///< Of so many PUTs of whole objects the reply is lost.
  std::atomic<int> cut_completions = 0;    ///< So many break off in the middle (TinyS3::cut_completions).

  /// Multipart uploads that are neither complete nor aborted.
  [[nodiscard]] std::size_t uploads() const {
    return server_ ? s3_.uploads() : store->list_multipart("").value().size();
  }
  /// Until so many connections were opened.
  void wait_for_connections(std::size_t count) const {
    REQUIRE(server_->ledger().wait_until([&](const auto& record) { return record.connections.size() >= count; }));
  }
  [[nodiscard]] std::size_t connections() const { return server_->ledger().snapshot().connections.size(); }
  /// Until the part that is to stall does.
  void wait_for_stall() const {
    REQUIRE(server_->ledger().wait_until([](const auto& record) { return record.faults_fired() > 0; }));
  }
  void release() { server_->release(); }  ///< What is stalled by now goes on.
  void begin_foreign(const std::string& path) { s3_.begin(path); }
  /// Somebody else puts an object there.
  void keep_foreign(const std::string& path, std::string bytes) { s3_.keep(path, std::move(bytes)); }
  /// Numbers of the parts that were sent, in their order, acknowledged or not.
  [[nodiscard]] std::vector<int> parts_sent() const {
    const std::lock_guard lock(mutex_);
    return parts_;
  }

 private:
  docupilot::testing::Script script(const docupilot::testing::RecordedRequest& request) {
    const std::size_t at = request.target.find("partNumber=");
    const int part = request.method == "PUT" && at != std::string::npos ? std::stoi(request.target.substr(at + 11)) : 0;
    if (part != 0) {
      {
        const std::lock_guard lock(mutex_);
        parts_.push_back(part);
      }
      if (part == refuse_part) return {.reply = {.status = 403, .body = "<Error><Code>AccessDenied</Code></Error>"}};
      if (fail_times > 0) {
        --fail_times;
        return {.reply = {.status = 500, .body = "<Error><Code>InternalError</Code></Error>"}};
      }
    }
    if (refuse_lists && request.method == "GET" && request.target.find("uploadId=") != std::string::npos) {
      return {.reply = {.status = 403, .body = "<Error><Code>AccessDenied</Code></Error>"}};
    }
    std::vector<docupilot::testing::Fault> faults;
    if (request.method == "POST" && request.target.ends_with("?uploads=") && think) {
      faults.push_back(
          docupilot::testing::Fault::delay(docupilot::testing::Fault::Place::reply, 0, std::chrono::milliseconds(300)));
    }
    if (request.method == "POST" && request.target.find("uploadId=") != std::string::npos && cut_completions > 0) {
      --cut_completions;
      s3_.cut_completions();
      return {.faults = {docupilot::testing::Fault::close(docupilot::testing::Fault::Place::reply, 0)}};
    }
    if (part != 0 && part == stall_part) {
      faults.push_back(docupilot::testing::Fault::stall(docupilot::testing::Fault::Place::request_body, 1000));
    }
    if (request.method == "PUT" && part == 0 && lose_puts > 0) {
      --lose_puts;
      faults.push_back(docupilot::testing::Fault::close(docupilot::testing::Fault::Place::reply, 0));
    }
    return {.respond = [this](const auto& whole) { return s3_.answer(whole); }, .faults = std::move(faults)};
  }

  TinyS3 s3_;
  mutable std::mutex mutex_;
  std::vector<int> parts_;
  std::unique_ptr<docupilot::testing::ScriptedServer> server_;
};

}  // namespace docupilot_test
