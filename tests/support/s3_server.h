#pragma once

#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "store/s3_object_store.h"
#include "support/virtual_time.h"

namespace docupilot_test {

/// A transport in memory that hands each request to the test and gives its answer back as HTTP would.
class AnsweringTransport final : public docupilot::http::Transport {
 public:
  struct Seen {
    std::string method;
    std::string url;
    docupilot::http::Headers headers;
    std::string body;
  };
  std::function<docupilot::Result<docupilot::http::Response>(const Seen&)> answer;
  std::vector<Seen> seen;
  /// Of the first replies with a body, only so many bytes come, and then nothing more.
  std::vector<std::size_t> cut_body;

  docupilot::Result<docupilot::http::Response> send(const docupilot::http::Request& request,
                                                    const docupilot::Context& context) override {
    if (auto going = context.check("send"); !going) return std::move(going).error();
    Seen now{request.method, request.url, request.headers, std::string(docupilot::as_text(request.body))};
    if (request.reader != nullptr) {
      auto all = docupilot::read_all(*request.reader, 64U << 20U, context);
      if (!all) return std::move(all).error();
      now.body = *std::move(all);
      if (now.body.size() != request.length) return docupilot::Error(docupilot::ErrorCode::corrupted, "wrong length");
    }
    seen.push_back(now);
    auto reply = answer(now);
    if (reply && reply->status / 100 == 2 && request.on_head) {
      if (auto wanted = request.on_head(*reply); !wanted) return std::move(wanted).error();
    }
    if (reply && reply->status / 100 == 2 && request.writer != nullptr && !cut_body.empty()) {
      const std::string begun = reply->body.substr(0, cut_body.front());
      cut_body.erase(cut_body.begin());
      if (auto taken = request.writer->write(docupilot::as_bytes(begun)); !taken) return std::move(taken).error();
      return docupilot::Error(docupilot::ErrorCode::corrupted, "the reply was cut").retryable(true);
    }
    if (reply && reply->status / 100 == 2 && request.writer != nullptr) {
      if (auto taken = request.writer->write(docupilot::as_bytes(reply->body)); !taken) return std::move(taken).error();
      reply->body.clear();
    }
    return reply;
  }
  /// Done before it returns. A source that has no bytes for now is asked again.
  std::shared_ptr<docupilot::http::Transfer> start(docupilot::http::Request request, Done done,
                                                   const docupilot::Context& context) override {
    std::string body;
    while (request.source != nullptr && body.size() < request.length) {
      std::string block(std::min<std::uint64_t>(request.length - body.size(), 300'000), '\0');
      auto count = request.source->read({reinterpret_cast<std::byte*>(block.data()), block.size()});
      if (!count) {
        done(std::move(count).error());
        return std::make_shared<Ended>();
      }
      body.append(block, 0, count->value_or(0));
    }
    if (request.source != nullptr) request.body = docupilot::as_bytes(body);
    auto reply = send(request, context);
    if (reply) reply->bytes_sent = request.body.size();
    done(std::move(reply));
    return std::make_shared<Ended>();
  }

 private:
  class Ended final : public docupilot::http::Transfer {
   public:
    void resume() override {}
    void cancel() override {}
  };
};

/// A store over such a transport, with time that stands still.
struct ScriptedS3 {
  std::shared_ptr<AnsweringTransport> transport = std::make_shared<AnsweringTransport>();
  VirtualTime time;
  docupilot::S3Options options;

  ScriptedS3() {
    options.bucket = "bucket";
    options.region = "us-east-1";
    options.endpoint = "https://s3.example.test";
    options.quirks = "ceph";
    options.transport = transport;
    options.credentials = docupilot::http::static_credentials(
        {.access_key_id = "AKID", .secret_access_key = docupilot::Secret("secret"), .source = "test"});
  }
  std::unique_ptr<docupilot::S3Store> open() {
    auto store = docupilot::open_s3_store(
        options, {.clock = &time.clock(), .sleeper = &time.sleeper(), .random = [] { return 0.5; }});
    REQUIRE_MESSAGE(store, store.error().to_string());
    return *std::move(store);
  }
  /// The methods and URLs that were sent.
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const auto& one : transport->seen) all.push_back(one.method + ' ' + one.url);
    return all;
  }
};

inline docupilot::http::Response reply(int status, std::string body = {}, docupilot::http::Headers headers = {}) {
  docupilot::http::Response made;
  made.status = status;
  made.headers = std::move(headers);
  made.body = std::move(body);
  return made;
}

inline std::string s3_error(const std::string& code, const std::string& more = {}) {
  return "<?xml version=\"1.0\"?>\n<Error><Code>" + code + "</Code><Message>said so</Message>" + more +
         "<RequestId>R1</RequestId></Error>";
}

}  // namespace docupilot_test
