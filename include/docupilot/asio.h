#pragma once

// Calls of Client for programs that use Boost.Asio (1.81 or newer): compiled in such a program, never in the library.

#include <exception>
#include <functional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <docupilot/client.h>

namespace docupilot::inline v1 {

/// Where a blocking call runs, and how long it may take. Made from an executor or an execution context, such as a
/// boost::asio::thread_pool of the caller's, so that a pool can be passed as it is:
///
///     async_search(client, pool, {.text = "revenue"}, token);
///     async_search(client, {pool, Deadline::after(5s)}, {.text = "revenue"}, token);
///
/// The call keeps one thread of it busy until it ends. Give it another pool than the one that handlers run on, or
/// enough threads: a single thread that waits for its own work waits for ever.
struct BlockingPool {
  boost::asio::any_io_executor executor;
  Deadline deadline = {};

  template <class Executor>
    requires std::is_convertible_v<Executor, boost::asio::any_io_executor> &&
                 (!std::is_same_v<std::remove_cvref_t<Executor>, BlockingPool>)
  BlockingPool(Executor where, Deadline until = {}) : executor(std::move(where)), deadline(until) {}

  template <class ExecutionContext>
    requires std::is_base_of_v<boost::asio::execution_context, ExecutionContext>
  BlockingPool(ExecutionContext& where, Deadline until = {}) : executor(where.get_executor()), deadline(until) {}
};

namespace detail {

/// Runs the call, or says why not; what it throws becomes an `internal` error.
template <class T>
Result<T> run_blocking(const std::function<Result<T>(const Context&)>& call, const Context& context) noexcept {
  try {
    if (Result<void> go_on = context.check("async_call"); !go_on) return std::move(go_on).error();
    return call(context);
  } catch (const Exception& thrown) {
    return thrown.error();
  } catch (const std::exception& thrown) {
    return Error(ErrorCode::internal, thrown.what()).operation("async_call");
  }
}

}  // namespace detail

/// Runs `call` on the pool and completes with `void(Result<T>)` on the token's associated executor, which is the
/// pool's when it has none. Works with every completion token: a callback, use_future, use_awaitable, deferred ...
///
/// The result is handed over as it is: an error is never thrown and never an error_code. The call gets a Context with
/// the pool's deadline and a stop token; cancellation of type terminal or partial through the token's cancellation
/// slot requests a stop, and the operation completes once the call has returned, with `cancelled` when it obeyed.
/// A call that has not begun by then is not made. As with any object of Asio, emitting the signal and starting the
/// operation are for one thread or strand at a time: the one that the completion runs on. A pool that is destroyed
/// before the call has begun drops the handler without calling it.
template <class T, class CompletionToken>
auto async_call(BlockingPool pool, std::function<Result<T>(const Context&)> call, CompletionToken&& token) {
  return boost::asio::async_initiate<CompletionToken, void(Result<T>)>(
      [](auto handler, BlockingPool where, std::function<Result<T>(const Context&)> blocking) {
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        std::stop_source stop{std::nostopstate};
        if (slot.is_connected()) {
          stop = std::stop_source();
          slot.assign([stop](boost::asio::cancellation_type type) mutable {
            using boost::asio::cancellation_type;
            if ((type & (cancellation_type::terminal | cancellation_type::partial)) != cancellation_type::none) {
              stop.request_stop();
            }
          });
        }
        // The handler's executor must not run out of work while the call is elsewhere.
        auto home = boost::asio::prefer(boost::asio::get_associated_executor(handler, where.executor),
                                        boost::asio::execution::outstanding_work.tracked);
        const boost::asio::any_io_executor executor = where.executor;
        boost::asio::post(executor, [home = std::move(home), handler = std::move(handler), slot, stop,
                                     deadline = where.deadline, blocking = std::move(blocking)]() mutable {
          Result<T> result = detail::run_blocking<T>(blocking, Context{.deadline = deadline, .stop = stop.get_token()});
          blocking = nullptr;  // what it holds goes here, not on the thread of the handler
          auto complete = [handler = std::move(handler), slot, result = std::move(result)]() mutable {
            if (slot.is_connected()) slot.clear();
            std::move(handler)(std::move(result));
          };
          boost::asio::post(home, std::move(complete));
        });
      },
      token, std::move(pool), std::move(call));
}

// ---- Client's calls. The client must outlive the operation; all else is copied. The completion is void(Result<T>)
// with
// ---- the T that the blocking call of the same name returns.

template <class CompletionToken>
auto async_ingest(Client& client, BlockingPool pool, std::string path, IngestOptions options, CompletionToken&& token) {
  return async_call<IngestResult>(
      std::move(pool),
      [&client, path = std::move(path), options = std::move(options)](const Context& context) {
        return client.ingest(path, options, context);
      },
      std::forward<CompletionToken>(token));
}

/// Completes with Result<std::vector<Result<IngestResult>>>: one result a request. Callbacks in `options` are called
/// on the pool's threads and the client's.
template <class CompletionToken>
auto async_ingest_many(Client& client, BlockingPool pool, std::vector<IngestRequest> requests,
                       IngestManyOptions options, CompletionToken&& token) {
  using Results = std::vector<Result<IngestResult>>;
  return async_call<Results>(
      std::move(pool),
      [&client, requests = std::move(requests), options = std::move(options)](const Context& context) {
        return Result<Results>(client.ingest_many(requests, options, context));
      },
      std::forward<CompletionToken>(token));
}

template <class CompletionToken>
auto async_search(Client& client, BlockingPool pool, SearchQuery query, CompletionToken&& token) {
  return async_call<SearchResult>(
      std::move(pool),
      [&client, query = std::move(query)](const Context& context) { return client.search(query, context); },
      std::forward<CompletionToken>(token));
}

template <class CompletionToken>
auto async_summarize(Client& client, BlockingPool pool, std::string id, SummaryLength length, CompletionToken&& token) {
  return async_call<Summary>(
      std::move(pool),
      [&client, id = std::move(id), length](const Context& context) { return client.summarize(id, length, context); },
      std::forward<CompletionToken>(token));
}

template <class CompletionToken>
auto async_document(Client& client, BlockingPool pool, std::string id, CompletionToken&& token) {
  return async_call<Document>(
      std::move(pool), [&client, id = std::move(id)](const Context& context) { return client.document(id, context); },
      std::forward<CompletionToken>(token));
}

template <class CompletionToken>
auto async_documents(Client& client, BlockingPool pool, DocumentQuery query, CompletionToken&& token) {
  return async_call<DocumentPage>(
      std::move(pool),
      [&client, query = std::move(query)](const Context& context) { return client.documents(query, context); },
      std::forward<CompletionToken>(token));
}

template <class CompletionToken>
auto async_text(Client& client, BlockingPool pool, std::string id, CompletionToken&& token) {
  return async_call<ExtractedText>(
      std::move(pool), [&client, id = std::move(id)](const Context& context) { return client.text(id, context); },
      std::forward<CompletionToken>(token));
}

template <class CompletionToken>
auto async_download_file(Client& client, BlockingPool pool, std::string id, std::string path, CompletionToken&& token) {
  return async_call<Document>(
      std::move(pool),
      [&client, id = std::move(id), path = std::move(path)](const Context& context) {
        return client.download_file(id, path, context);
      },
      std::forward<CompletionToken>(token));
}

template <class CompletionToken>
auto async_update(Client& client, BlockingPool pool, std::string id, DocumentPatch patch, WriteCondition condition,
                  CompletionToken&& token) {
  return async_call<Document>(
      std::move(pool),
      [&client, id = std::move(id), patch = std::move(patch), condition = std::move(condition)](
          const Context& context) { return client.update(id, patch, condition, context); },
      std::forward<CompletionToken>(token));
}

template <class CompletionToken>
auto async_remove(Client& client, BlockingPool pool, std::string id, CompletionToken&& token) {
  return async_call<void>(
      std::move(pool), [&client, id = std::move(id)](const Context& context) { return client.remove(id, context); },
      std::forward<CompletionToken>(token));
}

template <class CompletionToken>
auto async_drain(Client& client, BlockingPool pool, DrainOptions options, CompletionToken&& token) {
  return async_call<DrainReport>(
      std::move(pool),
      [&client, options = std::move(options)](const Context& context) { return client.drain(options, context); },
      std::forward<CompletionToken>(token));
}

}  // namespace docupilot::inline v1
