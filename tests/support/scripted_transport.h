#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <docupilot/http/transport.h>

namespace docupilot_test {

/// A transport in memory: each request is compared with the next one of the script, and answered as that says. What
/// does not match is answered with an error and kept in `complaints`, which a test has to look at. Any thread.
class ScriptedTransport final : public docupilot::http::Transport {
 public:
  using Request = docupilot::http::Request;
  using Response = docupilot::http::Response;
  using Headers = docupilot::http::Headers;

  /// What is expected, and what comes back.
  struct Step {
    std::string method = "GET";
    std::string url = {};
    Headers headers = {};  ///< All of them, in any order.
    std::string body = {};
    docupilot::Result<Response> answer = Response{.status = 200};
    /// Looks at a header value that the script cannot know; the value in `headers` is then ignored.
    std::function<bool(std::string_view name, std::string_view value)> accepts = {};
  };
  struct Seen {
    Request request;
    std::string body;
  };

  void expect(Step step) {
    const std::lock_guard lock(mutex_);
    steps_.push_back(std::move(step));
  }
  [[nodiscard]] std::vector<std::string> complaints() const {
    const std::lock_guard lock(mutex_);
    return complaints_;
  }
  [[nodiscard]] std::size_t steps_left() const {
    const std::lock_guard lock(mutex_);
    return steps_.size();
  }
  [[nodiscard]] std::vector<Seen> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

  docupilot::Result<Response> send(const Request& request, const docupilot::Context& context) override {
    if (auto going = context.check("send"); !going) return std::move(going).error();
    const std::lock_guard lock(mutex_);
    const std::string body(docupilot::as_text(request.body));
    seen_.push_back({request, body});
    const std::string what = request.method + ' ' + request.url;
    if (steps_.empty()) return refuse(what + " was not expected");
    Step step = std::move(steps_.front());
    steps_.pop_front();
    if (request.method != step.method || request.url != step.url) {
      return refuse(what + " came instead of " + step.method + ' ' + step.url);
    }
    if (body != step.body) return refuse(what + " has the body " + body);
    for (const auto& [name, value] : request.headers.fields()) {
      const auto wanted = step.headers.find(name);
      if (!wanted) return refuse(what + " has the header " + std::string(name));
      const bool good = step.accepts && step.accepts(name, value);
      if (!good && *wanted != value) return refuse((what + " has ").append(name).append(": ").append(value));
    }
    for (const auto& [name, value] : step.headers.fields()) {
      if (!request.headers.find(name)) return refuse(what + " lacks the header " + std::string(name));
    }
    return std::move(step.answer);
  }

  /// Done before it returns.
  std::shared_ptr<docupilot::http::Transfer> start(Request request, Done done,
                                                   const docupilot::Context& context) override {
    done(send(request, context));
    return std::make_shared<Ended>();
  }

 private:
  class Ended final : public docupilot::http::Transfer {
   public:
    void resume() override {}
    void cancel() override {}
  };

  docupilot::Error refuse(std::string complaint) {
    complaints_.push_back(complaint);
    return docupilot::Error(docupilot::ErrorCode::invalid_argument, std::move(complaint));
  }

  mutable std::mutex mutex_;
  std::deque<Step> steps_;
  std::vector<std::string> complaints_;
  std::vector<Seen> seen_;
};

}  // namespace docupilot_test
