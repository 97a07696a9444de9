#include <docupilot/search/sqlite_index.h>

#include <mutex>

#include "base/try.h"
#include "search/index_reader.h"
#include "search/index_writer.h"
#include "sqlite/filter_sql.h"
#include "sqlite/fts5.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::string_view scheme_name = "sqlite";

Error in_call(Error error, std::string_view operation, std::string_view target) {
  const std::string what(error.target().empty() ? target : std::string_view(error.target()));
  return std::move(error).operation(operation).backend(scheme_name).target(what);
}

// Analyzers on loan: they remember the stems of words that come often.
class AnalyzerPool {
 public:
  class Lease {
   public:
    explicit Lease(AnalyzerPool& pool) : pool_(pool), analyzer_(pool.take()) {}
    ~Lease() { pool_.give_back(std::move(analyzer_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    search::Analyzer& operator*() noexcept { return analyzer_; }

   private:
    AnalyzerPool& pool_;
    search::Analyzer analyzer_;
  };

 private:
  search::Analyzer take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return {};
    search::Analyzer analyzer = std::move(idle_.back());
    idle_.pop_back();
    return analyzer;
  }
  void give_back(search::Analyzer analyzer) {
    constexpr std::size_t most_idle = 8;
    const std::lock_guard lock(mutex_);
    if (idle_.size() < most_idle) idle_.push_back(std::move(analyzer));
  }

  std::mutex mutex_;  // guards idle_
  std::vector<search::Analyzer> idle_;
};

Result<void> prepare_connection(sqlite::Connection& connection) {
  DOCUPILOT_CHECK(sqlite::add_fts5_visit(connection));
  return sqlite::add_document_functions(connection);
}

class SqliteIndex final : public SearchIndex {
 public:
  explicit SqliteIndex(const SqliteIndexOptions& options)
      : pool_({.path = options.path,
               .read_only = options.read_only,
               .busy_time = options.busy_time,
               .is_private = true,
               .remedy = "move this file away, then a sweep of the library fills a new one"},
              prepare_connection) {}

  Result<void> open() {
    DOCUPILOT_TRY(const auto connection, pool_.writer({}));
    return search::open_schema(*connection, pool_.options().read_only);
  }

  std::string scheme() const override { return std::string(scheme_name); }
  SearchCapabilities capabilities() const override {
    return {.facets = true, .phrases = true, .typo_tolerance = true, .immediate = true};
  }

  Result<WriteToken> upsert(std::span<const IndexEntry> entries, const Context& context) override {
    return call("upsert", [&]() -> Result<WriteToken> {
      for (const IndexEntry& entry : entries) DOCUPILOT_CHECK(search::check_entry(entry));
      return write(context, entries.empty(), [&](search::IndexWriter& writer) -> Result<void> {
        for (const IndexEntry& entry : entries) DOCUPILOT_CHECK(writer.put(entry));
        return {};
      });
    });
  }

  Result<WriteToken> remove(std::span<const std::string> ids, const Context& context) override {
    return call("remove", [&]() -> Result<WriteToken> {
      for (const std::string& id : ids) DOCUPILOT_CHECK(check_document_id(id));
      return write(context, ids.empty(), [&](search::IndexWriter& writer) -> Result<void> {
        for (const std::string& id : ids) DOCUPILOT_CHECK(writer.remove(id));
        return {};
      });
    });
  }

  Result<void> wait(const WriteToken& token, const Context&) override {
    if (token.empty()) return {};  // every write of this index is visible when its call returns
    return in_call(Error(ErrorCode::invalid_argument, "this token is from another index"), "wait", token);
  }

  Result<SearchResult> query(const SearchQuery& query, const Context& context) override {
    return call("query", [&]() -> Result<SearchResult> {
      DOCUPILOT_CHECK(search::check_query(query));
      DOCUPILOT_TRY(const auto connection, pool_.reader(context));
      AnalyzerPool::Lease analyzer(analyzers_);
      return search::IndexReader(*connection, *analyzer, words_, context).run(query);
    });
  }

  Result<std::uint64_t> count(const Context& context) override {
    return call("count", [&]() -> Result<std::uint64_t> {
      DOCUPILOT_CHECK(context.check("count"));
      DOCUPILOT_TRY(const auto connection, pool_.reader(context));
      DOCUPILOT_TRY(const auto state, search::read_state(*connection));
      return static_cast<std::uint64_t>(state.documents);
    });
  }

  Result<std::vector<std::string>> ids(const std::string& after, std::size_t limit, const Context& context) override {
    return call("ids", [&]() -> Result<std::vector<std::string>> {
      constexpr std::size_t no_limit = std::numeric_limits<std::int64_t>::max();
      DOCUPILOT_TRY(const auto connection, pool_.reader(context));
      DOCUPILOT_TRY(auto rows, connection->prepare("SELECT id FROM docupilot_search_document WHERE id>?1 ORDER BY id "
                                                   "LIMIT ?2"));
      rows.bind(1, after).bind(2, static_cast<std::int64_t>(std::min(limit, no_limit)));
      std::vector<std::string> out;
      for (;;) {
        DOCUPILOT_TRY(const bool more, rows.step(context));
        if (!more) return out;
        out.emplace_back(rows.text(0));
      }
    });
  }

 private:
  template <class Body>
  auto call(std::string_view operation, Body&& body) -> decltype(body()) {
    return body().transform_error([&](Error&& e) { return in_call(std::move(e), operation, pool_.options().path); });
  }

  template <class Body>
  Result<WriteToken> write(const Context& context, bool is_nothing, Body&& body) {
    if (pool_.options().read_only) {
      return Error(ErrorCode::permission_denied, "the index was opened to be read only")
          .hint("open it without read_only");
    }
    if (is_nothing) return WriteToken();
    DOCUPILOT_TRY(const auto connection, pool_.writer(context));
    AnalyzerPool::Lease analyzer(analyzers_);
    const auto body_in_transaction = [&]() -> Result<void> {
      search::IndexWriter writer(*connection, *analyzer, context);
      DOCUPILOT_CHECK(writer.begin());
      DOCUPILOT_CHECK(body(writer));
      return writer.finish();
    };
    DOCUPILOT_CHECK(connection->transaction(context, body_in_transaction));
    return WriteToken();
  }

  sqlite::Pool pool_;
  search::WordCache words_;
  AnalyzerPool analyzers_;
};

}  // namespace

Result<std::unique_ptr<SearchIndex>> open_sqlite_index(SqliteIndexOptions options) {
  auto index = std::make_unique<SqliteIndex>(options);
  if (auto opened = index->open(); !opened) return in_call(std::move(opened).error(), "open", options.path);
  return std::unique_ptr<SearchIndex>(std::move(index));
}

}  // namespace docupilot::inline v1
