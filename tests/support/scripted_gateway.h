#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "http/sigv4.h"
#include "store/gateway_store.h"
#include "support/part_bodies.h"
#include "support/s3_server.h"

namespace docupilot_test {

/// Gives a URL for all that it is asked for, each with a signature of its own.
class ScriptedGateway final : public docupilot::UploadGateway {
 public:
  explicit ScriptedGateway(VirtualTime& time) : time_(time) {}

  std::string endpoint = "https://store.example.test";
  int lifetime = 600;            // seconds, as the URL says it; 0: it says nothing
  docupilot::Timestamp expires;  // as the gateway says it
  std::function<void(std::vector<docupilot::PartUrl>&)> change = {};
  std::function<docupilot::Result<void>()> before = {};
  std::optional<docupilot::PutOptions> put_options = {};

  [[nodiscard]] std::vector<std::vector<int>> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  [[nodiscard]] std::vector<std::string> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

  docupilot::Result<docupilot::MultipartUpload> begin(const std::string& key, const docupilot::PutOptions&,
                                                      const docupilot::Context&) override {
    note("begin " + key);
    return docupilot::MultipartUpload{.key = key, .upload_id = "U", .started = {}};
  }
  docupilot::Result<std::vector<docupilot::PartUrl>> part_urls(const docupilot::MultipartUpload& of,
                                                               const std::vector<int>& numbers,
                                                               const docupilot::Context&) override {
    if (before) {
      if (auto fine = before(); !fine) return std::move(fine).error();
    }
    const std::lock_guard lock(mutex_);
    asked_.push_back(numbers);
    std::vector<docupilot::PartUrl> urls;
    for (const int number : numbers) urls.push_back(url_of(of.key, number));
    if (change) change(urls);
    return urls;
  }
  docupilot::Result<docupilot::PartUrl> put_url(const std::string& key, const docupilot::PutOptions& options,
                                                const docupilot::Context&) override {
    const std::lock_guard lock(mutex_);
    asked_.push_back({0});
    put_options = options;
    return url_of(key, 0);
  }
  docupilot::Result<std::vector<docupilot::PartInfo>> list_parts(const docupilot::MultipartUpload& of,
                                                                 const docupilot::Context&) override {
    note("list_parts " + of.upload_id);
    return std::vector<docupilot::PartInfo>();
  }
  docupilot::Result<docupilot::ObjectInfo> complete(const docupilot::MultipartUpload& of,
                                                    const std::vector<docupilot::PartInfo>& parts,
                                                    const docupilot::Context&) override {
    std::string numbers;
    for (const docupilot::PartInfo& part : parts) numbers += ' ' + std::to_string(part.number);
    note("complete " + of.upload_id + numbers);
    return docupilot::ObjectInfo{.key = of.key, .size = 0, .etag = "whole"};
  }
  docupilot::Result<void> abort(const docupilot::MultipartUpload& of, const docupilot::Context&) override {
    note("abort " + of.upload_id);
    return {};
  }
  docupilot::Result<docupilot::ObjectInfo> head(const std::string& key, const docupilot::Context&) override {
    note("head " + key);
    return docupilot::Error(docupilot::ErrorCode::not_found, "there is none");
  }

 private:
  void note(std::string call) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(std::move(call));
  }
  docupilot::PartUrl url_of(const std::string& key, int number) {
    std::string url = endpoint + '/' + key + "?partNumber=" + std::to_string(number);
    if (lifetime > 0) {
      url +=
          "&X-Amz-Date=" + docupilot::http::signing_date(time_.wall()) + "&X-Amz-Expires=" + std::to_string(lifetime);
    }
    url += "&X-Amz-Signature=sign" + std::to_string(++signatures_);
    return {.number = number, .url = docupilot::Secret(url), .headers = {{"x-wanted", "yes"}}, .expires = expires};
  }

  VirtualTime& time_;
  mutable std::mutex mutex_;
  std::vector<std::vector<int>> asked_;
  std::vector<std::string> calls_;
  int signatures_ = 0;
};

/// A store over such a gateway, with time that stands still and a transport that answers.
struct GatewayCase {
  VirtualTime time;
  std::shared_ptr<ScriptedGateway> gateway = std::make_shared<ScriptedGateway>(time);
  std::shared_ptr<AnsweringTransport> transport = std::make_shared<AnsweringTransport>();
  docupilot::GatewayOptions options;
  std::unique_ptr<docupilot::ObjectStore> store;

  explicit GatewayCase(std::size_t batch = 3) {
    options.batch = batch;
    options.transport = transport;
    transport->answer = [](const auto&) { return reply(200, "", {{"ETag", "\"e1\""}}); };
  }
  docupilot::PartReply send(int number, std::string bytes = "abc", const docupilot::Context& context = {}) {
    if (!store) {
      auto opened = docupilot::open_gateway_store(gateway, options, time.clock());
      REQUIRE_MESSAGE(opened, opened.error().to_string());
      store = *std::move(opened);
    }
    return send_part(*store->part_sender(),
                     {.target = target_of({.key = "k", .upload_id = "U", .started = {}}),
                      .number = number,
                      .body = std::make_shared<ScriptedBody>(std::move(bytes))},
                     context);
  }
};

}  // namespace docupilot_test
