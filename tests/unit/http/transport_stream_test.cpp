#include <docupilot/http/transport.h>
#include <docupilot/testing/scripted_server.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "support/http_waiter.h"
#include "support/scripted_streams.h"

using namespace docupilot;
using docupilot::http::make_transport;
using docupilot::http::Request;
using docupilot::http::Response;
using docupilot::testing::Fault;
using docupilot::testing::Reply;
using docupilot::testing::Script;
using docupilot::testing::ScriptedServer;
using docupilot_test::HttpWaiter;
using docupilot_test::pattern;

namespace {

// Gives `piece` bytes a call, and nothing each time before that until somebody calls `next`.
class SteppedSource final : public http::BodySource {
 public:
  SteppedSource(std::string text, std::size_t piece) : text_(std::move(text)), piece_(piece) {}

  Result<std::optional<std::size_t>> read(MutableByteView into) override {
    const std::lock_guard lock(mutex_);
    if (!ready_) {
      waits_ = true;
      changed_.notify_all();
      return std::optional<std::size_t>();
    }
    ready_ = false;
    const std::size_t count = std::min({into.size(), piece_, text_.size() - at_});
    std::copy_n(as_bytes(text_).begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
    at_ += count;
    changed_.notify_all();
    return std::optional<std::size_t>(count);
  }
  bool rewind() override { return false; }

  // Waits until the transfer waits, and then lets it go on. False at the end.
  bool next(http::Transfer& transfer) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return waits_ || at_ == text_.size(); });
      if (at_ == text_.size()) return false;
      waits_ = false;
      ready_ = true;
    }
    transfer.resume();
    return true;
  }
  void wait_until_asked() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waits_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  std::size_t piece_;
  std::size_t at_ = 0;
  bool waits_ = false;
  bool ready_ = false;
};

// Refuses every other time.
class HesitantSink final : public http::BodySink {
 public:
  Result<bool> write(ByteView bytes) override {
    const std::lock_guard lock(mutex_);
    if (failing_) return Error(ErrorCode::exhausted, "the disk is full").operation("write").target("file");
    willing_ = !willing_;
    if (!willing_) {
      ++refusals_;
      if (transfer_) transfer_->resume();  // from within: must not call back into libcurl
      return false;
    }
    text_.append(as_text(bytes));
    return true;
  }
  void set(std::shared_ptr<http::Transfer> transfer) {
    const std::lock_guard lock(mutex_);
    transfer_ = std::move(transfer);
    if (refusals_ > 0) transfer_->resume();
  }
  void fail() { failing_ = true; }
  std::mutex mutex_;
  std::shared_ptr<http::Transfer> transfer_;
  std::string text_;
  int refusals_ = 0;
  bool willing_ = true;
  bool failing_ = false;
};

// Blocks in its calls until it is let go.
class SlowStream final : public Reader, public Writer {
 public:
  explicit SlowStream(std::string text) : text_(std::move(text)) {}
  Result<std::size_t> read(MutableByteView into, const Context& /*context*/) override {
    wait();
    const std::size_t count = std::min<std::size_t>({into.size(), text_.size() - at_, 100'000});
    std::copy_n(as_bytes(text_).begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
    at_ += count;
    return count;
  }
  std::optional<std::uint64_t> size() const override { return text_.size(); }
  Result<void> write(ByteView bytes) override {
    wait();
    text_.append(as_text(bytes));
    return {};
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait_until_waiting() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_; });
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void wait() {
    std::unique_lock lock(mutex_);
    waiting_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  std::size_t at_ = 0;
  bool open_ = false;
  bool waiting_ = false;
};

class FailingStream final : public Reader, public Writer {
 public:
  Result<std::size_t> read(MutableByteView into, const Context& /*context*/) override {
    if (std::exchange(begun_, true)) return Error(ErrorCode::not_found, "the file went away").operation("read");
    into[0] = std::byte('x');
    return 1;
  }
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  Result<void> write(ByteView /*bytes*/) override {
    return Error(ErrorCode::exhausted, "the disk is full").operation("write");
  }
  bool begun_ = false;
};

}  // namespace

TEST_CASE("readers and writers carry bodies of any size both ways") {
  ScriptedServer server({.body_limit = 16U << 20U});
  const auto transport = make_transport();
  for (const std::size_t size : {0UL, 1UL, 65'536UL, 262'144UL, 262'145UL, 5'000'000UL}) {
    CAPTURE(size);
    const std::string text = pattern(size);
    for (const auto framing : {Reply::Framing::length, Reply::Framing::chunked}) {
      server.push({.reply = {.body = text, .framing = framing}});
      MemoryReader reader(as_bytes(text));
      MemoryWriter writer;
      const auto reply = transport->send(
          {.method = "PUT", .url = server.url("/k"), .reader = &reader, .length = size, .writer = &writer});
      REQUIRE(reply);
      CHECK(writer.text() == text);
      CHECK(reply->body == "");
      CHECK(reply->bytes_sent == size);
      CHECK(reply->bytes_received == size);
      CHECK(server.ledger().snapshot().requests.back().body == text);
    }
  }
  CHECK(server.ledger().snapshot().connections.size() == 1);
}

TEST_CASE("only the length asked for is taken from a reader, and too few bytes are an error") {
  ScriptedServer server;
  const auto transport = make_transport();
  const std::string text = pattern(1'000);
  MemoryReader reader(as_bytes(text));
  for (int part = 0; part < 2; ++part) {
    server.push({.reply = {.body = "x"}});
    REQUIRE(transport->send({.method = "PUT", .url = server.url("/"), .reader = &reader, .length = 400}));
  }
  CHECK(server.ledger().snapshot().requests[1].body == text.substr(400, 400));
  server.push({.reply = {.body = "x"}});
  const auto cut = transport->send(
      {.method = "POST", .url = server.url("/"), .reader = &reader, .length = 400, .idempotent = false});
  REQUIRE_FALSE(cut.has_value());
  CHECK(cut.error().code() == ErrorCode::invalid_argument);
  CHECK(cut.error().message() == "the body ended after 200 of 400 bytes");
}

TEST_CASE("the body of an error does not go to the writer") {
  ScriptedServer server;
  server.push({.reply = {.status = 404, .body = "there is none"}});
  MemoryWriter writer;
  const auto reply = make_transport()->send({.url = server.url("/k"), .writer = &writer});
  REQUIRE(reply);
  CHECK(reply->body == "there is none");
  CHECK(writer.text() == "");
}

TEST_CASE("what a reader or writer fails with is what the caller gets") {
  ScriptedServer server;
  const auto transport = make_transport();
  FailingStream stream;
  server.push({.reply = {.body = "x"}});
  auto reply = transport->send(
      {.method = "POST", .url = server.url("/"), .reader = &stream, .length = 1'000'000, .idempotent = false});
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().code() == ErrorCode::not_found);
  CHECK(reply.error().operation() == "read");
  for (const std::size_t size : {1UL, 5'000'000UL}) {
    server.push({.reply = {.body = std::string(size, 'x')}});
    reply = transport->send({.url = server.url("/"), .writer = &stream});
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code() == ErrorCode::exhausted);
    CHECK(reply.error().operation() == "write");
  }
  server.push({.reply = {.body = "x"}});
  CHECK(transport->send({.url = server.url("/")}));
}

TEST_CASE("a slow reader or writer is no stall, and holds up nobody else") {
  const std::string text = pattern(4'000'000);
  ScriptedServer server({.body_limit = 16U << 20U});
  server.handle([&text](const auto& request) {
    Script script{.reply = {.body = request.target == "/large" ? text : "x"}};
    if (request.target == "/stall") script.faults = {Fault::stall(Fault::Place::reply, 0)};
    return script;
  });
  const auto transport = make_transport();
  for (const bool upload : {true, false}) {
    CAPTURE(upload);
    SlowStream stream(upload ? text : "");
    Request request{.url = server.url(upload ? "/k" : "/large"), .limits = {.stall = Duration::milliseconds(250)}};
    if (upload) {
      request.method = "PUT";
      request.reader = &stream;
      request.length = text.size();
    } else {
      request.writer = &stream;
    }
    std::optional<Result<Response>> reply;
    std::thread caller([&] { reply.emplace(transport->send(request)); });
    stream.wait_until_waiting();
    // While it hangs, another transfer of the same loop runs into its own stall limit, which takes longer.
    const auto stalled =
        transport->send({.url = server.url("/stall"), .limits = {.stall = Duration::milliseconds(600)}});
    REQUIRE_FALSE(stalled.has_value());
    CHECK(stalled.error().code() == ErrorCode::timeout);
    stream.let_go();
    caller.join();
    REQUIRE(reply->has_value());
    CHECK((*reply)->bytes_sent == (upload ? text.size() : 0));
    if (!upload) CHECK(stream.text() == text);
  }
}

TEST_CASE("a source that has nothing for now pauses the transfer until it is resumed") {
  ScriptedServer server;
  server.push({.reply = {.body = "done"}});
  const auto transport = make_transport();
  const std::string text = pattern(50'000);
  SteppedSource source(text, 1'000);
  HttpWaiter waiter;
  const auto transfer = transport->start({.method = "PUT",
                                          .url = server.url("/k"),
                                          .source = &source,
                                          .length = text.size(),
                                          .limits = {.stall = Duration::milliseconds(500)}},
                                         waiter.done());
  int steps = 0;
  while (source.next(*transfer)) {
    ++steps;
    transfer->resume();  // more often than needed
  }
  const auto reply = waiter.wait();
  REQUIRE(reply);
  CHECK(steps == 50);
  CHECK(reply->body == "done");
  CHECK(server.ledger().snapshot().requests[0].body == text);
  transfer->resume();
  transfer->cancel();  // it has ended: nothing happens
}

TEST_CASE("a sink that cannot take bytes gets the same ones again") {
  ScriptedServer server;
  const auto transport = make_transport();
  const std::string text = pattern(2'000'000);
  for (const auto framing : {Reply::Framing::length, Reply::Framing::chunked}) {
    server.push({.reply = {.body = text, .framing = framing}});
    HesitantSink sink;
    HttpWaiter waiter;
    sink.set(transport->start({.url = server.url("/k"), .sink = &sink}, waiter.done()));
    const auto reply = waiter.wait();
    REQUIRE(reply);
    CHECK(sink.text_ == text);
    CHECK(sink.refusals_ > 5);
    CHECK(reply->bytes_received == text.size());
  }
  server.push({.reply = {.body = text}});
  HesitantSink full;
  full.fail();
  HttpWaiter waiter;
  transport->start({.url = server.url("/k"), .sink = &full}, waiter.done());
  const auto reply = waiter.wait();
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().code() == ErrorCode::exhausted);
  CHECK(reply.error().target() == "file");
}

TEST_CASE("a paused source can be cancelled") {
  ScriptedServer server;
  server.push({.reply = {.body = "done"}});
  const auto transport = make_transport();
  SteppedSource source(pattern(1'000), 100);
  HttpWaiter waiter;
  const auto transfer =
      transport->start({.method = "PUT", .url = server.url("/k"), .source = &source, .length = 1'000}, waiter.done());
  source.wait_until_asked();
  transfer->cancel();
  const auto reply = waiter.wait();
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().code() == ErrorCode::cancelled);
}

TEST_CASE("a sink that fails once it goes on is heard, although nothing more comes in") {
  class LateFailure final : public http::BodySink {
   public:
    Result<bool> write(ByteView /*bytes*/) override {
      if (asked.exchange(true)) return Error(ErrorCode::exhausted, "the disk is full").operation("write");
      return false;
    }
    std::atomic<bool> asked = false;
  };
  ScriptedServer server;
  const auto transport = make_transport();
  for (const std::size_t size : {10U, 300'000U}) {
    CAPTURE(size);
    server.push({.reply = {.body = pattern(size)}});
    LateFailure sink;
    HttpWaiter waiter;
    Request request{.url = server.url("/k"), .sink = &sink};
    request.limits.stall = Duration::milliseconds(10'000);
    const auto transfer = transport->start(std::move(request), waiter.done());
    while (!sink.asked) std::this_thread::yield();
    transfer->resume();
    const auto reply = waiter.wait();
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code() == ErrorCode::exhausted);
    CHECK(waiter.calls() == 1);
  }
}

TEST_CASE("a reader or writer that throws takes its request with it") {
  class Thrower final : public Reader, public Writer {
   public:
    Result<std::size_t> read(MutableByteView /*into*/, const Context& /*context*/) override {
      throw std::runtime_error("thrown");
    }
    std::optional<std::uint64_t> size() const override { return 10; }
    Result<void> write(ByteView /*bytes*/) override { throw std::runtime_error("thrown"); }
  };
  ScriptedServer server([](const auto&) { return Script{.reply = {.body = pattern(100'000)}}; });
  const auto transport = make_transport();
  Thrower thrower;
  CHECK_THROWS_WITH(
      static_cast<void>(transport->send({.method = "PUT", .url = server.url("/k"), .reader = &thrower, .length = 10})),
      "thrown");
  CHECK_THROWS_WITH(static_cast<void>(transport->send({.url = server.url("/k"), .writer = &thrower})), "thrown");
  CHECK(transport->send({.url = server.url("/k")}));
}
