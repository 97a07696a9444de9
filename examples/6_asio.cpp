// 6. Inside a program that uses Boost.Asio.
//
// docupilot/asio.h is compiled in your program. Each call runs on a pool of threads that you own, and comes back on
// your own executor: as a callback, as a future, or with co_await. Cancellation and deadlines reach the call.

#include <chrono>
#include <cstdio>
#include <string>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <docupilot/asio.h>
#include <docupilot/docupilot.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;

// A coroutine reads like the blocking calls, but keeps no thread of its own busy.
asio::awaitable<void> find(docupilot::Client& client, asio::thread_pool& pool, std::string words) {
  // The query has a name because g++ 12 destroys a braced argument of co_await twice (a defect of that compiler).
  const docupilot::SearchQuery query{.text = words};
  auto result = co_await docupilot::async_search(client, pool, query, asio::use_awaitable);
  if (!result) {
    std::printf("co_await  %s\n", result.error().to_string().c_str());
    co_return;
  }
  for (const auto& hit : result->hits) {
    auto summary = co_await docupilot::async_summarize(client, pool, hit.id, {.sentences = 1}, asio::use_awaitable);
    std::printf("co_await  %s: %s\n", hit.name.c_str(), summary ? summary->text.c_str() : "(no summary)");
  }
}

int main() {
  auto client = docupilot::Client::open("memory:").value();
  for (std::string name : {"tides", "moon"}) {
    auto source =
        docupilot::memory_source("The moon draws the sea. The sea's " + name + " follow it twice a day.", name);
    client.ingest(*source).value();
  }
  asio::thread_pool pool(2);  // where blocking calls may wait
  asio::io_context loop;      // where this program lives

  asio::co_spawn(loop, find(client, pool, "tides"), asio::detached);

  // A callback; it is called on the loop, because it is bound to it.
  docupilot::async_documents(client, pool, {.limit = 10},
                             asio::bind_executor(loop, [](docupilot::Result<docupilot::DocumentPage> page) {
                               std::printf("callback  %zu documents\n", page ? page->documents.size() : 0);
                             }));
  loop.run();

  // A future, for code that is not asynchronous itself, with a deadline.
  auto future =
      docupilot::async_search(client, {pool, docupilot::Deadline::after(5s)}, {.text = "moon"}, asio::use_future);
  docupilot::Result<docupilot::SearchResult> result = future.get();  // errors come in the Result, they are not thrown
  std::printf("future    %zu hits\n", result ? result->hits.size() : 0);
  pool.join();
}
