#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include <doctest/doctest.h>
#include <docupilot/asio.h>
#include <docupilot/docupilot.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

using namespace docupilot;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

/// Waits until it is told to stop, as a stalled call does.
Result<int> wait_for_stop(const Context& context) {
  std::mutex mutex;
  std::condition_variable_any wakes;
  std::unique_lock lock(mutex);
  wakes.wait(lock, context.stop, [] { return false; });
  return Error(ErrorCode::cancelled, "stopped").operation("wait");
}

std::function<Result<int>(const Context&)> gives(int value) {
  return [value](const Context&) -> Result<int> { return value; };
}

}  // namespace

TEST_CASE("A callback gets the result on the executor that it is bound to") {
  asio::thread_pool pool(1);
  asio::io_context loop;
  std::thread::id called_on;
  std::thread::id worked_on;
  std::optional<int> value;
  async_call<int>(
      pool,
      [&](const Context&) -> Result<int> {
        worked_on = std::this_thread::get_id();
        return 42;
      },
      asio::bind_executor(loop, [&](Result<int> result) {
        called_on = std::this_thread::get_id();
        value = result.value();
      }));
  loop.run();  // has work until the call is over, though nothing else is in it
  CHECK(value == 42);
  CHECK(called_on == std::this_thread::get_id());
  CHECK(worked_on != std::this_thread::get_id());
}

TEST_CASE("A callback without an executor is called on the pool") {
  asio::thread_pool pool(1);
  std::promise<bool> on_pool;
  async_call<int>(pool, gives(1),
                  [&](Result<int>) { on_pool.set_value(pool.get_executor().running_in_this_thread()); });
  CHECK(on_pool.get_future().get());
}

TEST_CASE("A completion on a strand never runs beside another one") {
  asio::thread_pool pool(4);
  asio::thread_pool home(4);
  auto strand = asio::make_strand(home);
  std::atomic<int> inside = 0;
  std::atomic<bool> overlapped = false;
  for (int i = 0; i < 200; ++i) {
    async_call<int>(pool, gives(i), asio::bind_executor(strand, [&](Result<int>) {
                      if (inside.fetch_add(1) != 0) overlapped = true;
                      std::this_thread::yield();
                      --inside;
                    }));
  }
  pool.join();
  home.join();
  CHECK_FALSE(overlapped);
}

TEST_CASE("A future has the result, and an error in it is not thrown") {
  asio::thread_pool pool(1);
  auto good = async_call<int>(pool, gives(7), asio::use_future);
  auto bad = async_call<int>(
      pool, [](const Context&) -> Result<int> { return Error(ErrorCode::not_found, "gone").hint("look elsewhere"); },
      asio::use_future);
  CHECK(good.get().value() == 7);
  const Result<int> failed = bad.get();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code() == ErrorCode::not_found);
  CHECK(failed.error().hint() == "look elsewhere");
}

TEST_CASE("What a call throws comes back as an error") {
  asio::thread_pool pool(1);
  auto odd =
      async_call<int>(pool, [](const Context&) -> Result<int> { throw std::runtime_error("boom"); }, asio::use_future);
  auto own = async_call<int>(
      pool, [](const Context&) -> Result<int> { throw Exception(Error(ErrorCode::conflict, "held")); },
      asio::use_future);
  const Result<int> unknown = odd.get();
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code() == ErrorCode::internal);
  CHECK(unknown.error().message() == "boom");
  const Result<int> known = own.get();
  REQUIRE_FALSE(known);
  CHECK(known.error().code() == ErrorCode::conflict);
}

TEST_CASE("co_await gives the result on the coroutine's executor") {
  asio::thread_pool pool(1);
  asio::io_context loop;
  std::optional<int> sum;
  asio::co_spawn(
      loop,
      [&]() -> asio::awaitable<void> {
        const Result<int> one = co_await async_call<int>(pool, gives(1), asio::use_awaitable);
        const Result<void> nothing =
            co_await async_call<void>(pool, [](const Context&) -> Result<void> { return {}; }, asio::use_awaitable);
        CHECK(nothing.has_value());
        CHECK(loop.get_executor().running_in_this_thread());
        sum = one.value() + 1;
      },
      asio::detached);
  loop.run();
  CHECK(sum == 2);
}

TEST_CASE("A deferred operation begins when it is launched, not before") {
  asio::thread_pool pool(1);
  std::atomic<int> calls = 0;
  auto operation = async_call<int>(pool, [&](const Context&) -> Result<int> { return ++calls; }, asio::deferred);
  CHECK(calls == 0);
  CHECK(std::move(operation)(asio::use_future).get().value() == 1);
}

TEST_CASE("Terminal and partial cancellation stop the call, total does not") {
  for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial}) {
    asio::thread_pool pool(1);
    asio::io_context loop;
    asio::cancellation_signal signal;
    std::promise<void> begun;
    std::optional<ErrorCode> code;
    async_call<int>(
        pool,
        [&](const Context& context) {
          begun.set_value();
          return wait_for_stop(context);
        },
        asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(loop, [&](Result<int> result) {
                                       code = result.error().code();
                                       CHECK_FALSE(signal.slot().has_handler());
                                     })));
    begun.get_future().wait();
    signal.emit(asio::cancellation_type::total);
    CHECK(loop.poll() == 0);  // still waiting
    signal.emit(type);
    loop.run();
    CHECK(code == ErrorCode::cancelled);
    signal.emit(type);  // over: nobody listens
  }
}

TEST_CASE("A call that was cancelled before its turn is not made") {
  asio::thread_pool pool(1);
  asio::io_context loop;
  asio::cancellation_signal signal;
  std::promise<void> go;
  auto busy = async_call<int>(
      pool,
      [&](const Context&) -> Result<int> {
        go.get_future().wait();
        return 0;
      },
      asio::use_future);
  bool was_called = false;
  std::optional<ErrorCode> code;
  async_call<int>(
      pool,
      [&](const Context&) -> Result<int> {
        was_called = true;
        return 0;
      },
      asio::bind_cancellation_slot(
          signal.slot(), asio::bind_executor(loop, [&](Result<int> result) { code = result.error().code(); })));
  signal.emit(asio::cancellation_type::terminal);
  go.set_value();
  loop.run();
  CHECK(code == ErrorCode::cancelled);
  CHECK_FALSE(was_called);
  CHECK(busy.get().has_value());
}

TEST_CASE("A deadline reaches the call, and one that has passed prevents it") {
  asio::thread_pool pool(1);
  bool was_set = false;
  auto timely = async_call<int>(
      {pool, Deadline::after(1h)},
      [&](const Context& context) -> Result<int> {
        was_set = context.deadline.is_set() && !context.deadline.expired();
        return 0;
      },
      asio::use_future);
  CHECK(timely.get().has_value());
  CHECK(was_set);
  const Result<int> late = async_call<int>({pool, Deadline::after(0s)}, gives(1), asio::use_future).get();
  REQUIRE_FALSE(late);
  CHECK(late.error().code() == ErrorCode::timeout);
}

TEST_CASE("The loser of a race between awaitables is stopped") {
  using namespace asio::experimental::awaitable_operators;
  asio::thread_pool pool(2);
  asio::io_context loop;
  std::optional<std::size_t> winner;
  asio::co_spawn(
      loop,
      [&]() -> asio::awaitable<void> {
        asio::steady_timer timer(loop, 1ms);
        const auto result = co_await (async_call<int>(pool, &wait_for_stop, asio::use_awaitable) ||
                                      timer.async_wait(asio::use_awaitable));
        winner = result.index();
      },
      asio::detached);
  loop.run();
  CHECK(winner == 1);
}

TEST_CASE("A handler that is dropped with its pool is destroyed, not called") {
  bool was_called = false;
  auto alive = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = alive;
  {
    asio::thread_pool pool(1);
    pool.stop();
    async_call<int>(pool, gives(1), [&was_called, held = std::move(alive)](Result<int>) { was_called = true; });
  }
  CHECK_FALSE(was_called);
  CHECK(watched.expired());
}

TEST_CASE("The calls of a client work through Asio") {
  Client client = Client::open("memory:").value();
  auto source = memory_source(std::string("The harbour opened in May. Two hundred ships have called since."), "h.txt");
  const std::string id = client.ingest(*source, {.tags = {"sea"}}).value().document.id;
  asio::thread_pool pool(2);

  const auto found = async_search(client, pool, {.text = "harbour"}, asio::use_future).get();
  REQUIRE(found);
  REQUIRE(found->hits.size() == 1);
  CHECK(found->hits[0].id == id);
  CHECK(async_document(client, pool, id, asio::use_future).get().value().name == "h.txt");
  CHECK(async_documents(client, pool, {}, asio::use_future).get().value().documents.size() == 1);
  CHECK(async_text(client, pool, id, asio::use_future).get().value().text.find("harbour") != std::string::npos);
  CHECK_FALSE(async_summarize(client, pool, id, {.sentences = 1}, asio::use_future).get().value().text.empty());
  CHECK(async_update(client, pool, id, {.title = "Harbour"}, {}, asio::use_future).get().value().title == "Harbour");
  const auto missing = async_ingest(client, pool, "/no/such/file", {}, asio::use_future).get();
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code() == ErrorCode::not_found);
  const auto many = async_ingest_many(client, pool, {{.path = "/no/such/file"}}, {}, asio::use_future).get();
  REQUIRE(many);
  REQUIRE(many->size() == 1);
  CHECK_FALSE(many->front());
  CHECK_FALSE(async_download_file(client, pool, "nobody", "/no/such/folder/x", asio::use_future).get());
  CHECK(async_drain(client, pool, {}, asio::use_future).get().value().failed.empty());
  CHECK(async_remove(client, pool, id, asio::use_future).get());
  CHECK_FALSE(async_document(client, pool, id, asio::use_future).get());
}
