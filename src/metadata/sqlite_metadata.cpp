#include <docupilot/metadata/sqlite_metadata.h>

#include <algorithm>

#include "base/try.h"
#include "crypto/random.h"
#include "metadata/document_check.h"
#include "metadata/sqlite_codec.h"
#include "metadata/sqlite_query.h"

namespace docupilot::inline v1 {

namespace {

using sqlite::Connection;

constexpr std::string_view schema_name = "metadata";
constexpr std::size_t revision_digits =
    24;  // 96 random bits: no revision comes twice, not even of a document made anew

constexpr std::string_view insert_row =
    "INSERT INTO document(id, revision, title, name, size, content_type, sha256, created, updated, tags, attributes,"
    " summary, rest) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13) ON CONFLICT(id) DO ";
constexpr std::string_view set_row =
    "UPDATE SET revision=?2, title=?3, name=?4, size=?5, content_type=?6, sha256=?7, created=?8, updated=?9, tags=?10,"
    " attributes=?11, summary=?12, rest=?13";

std::string upsert_sql() { return std::string(insert_row) + std::string(set_row); }

class SqliteMetadata final : public MetadataStore {
 public:
  explicit SqliteMetadata(const SqliteMetadataOptions& options)
      : pool_({.path = options.path,
               .read_only = options.read_only,
               .busy_time = options.busy_time,
               .is_private = true,
               .remedy = "restore this file from a backup; without it, ingest the documents again"},
              sqlite::add_document_functions) {}

  Result<void> open() {
    DOCUPILOT_TRY(const auto connection, pool_.writer({}));
    return sqlite::migrate(*connection, schema_name, sqlite::metadata_migrations());
  }

  std::string scheme() const override { return "sqlite"; }
  MetadataCapabilities capabilities() const override {
    return {.conditional_write = true, .atomic_batch = true, .negation = true, .any_of_ranges = true};
  }

  Result<Document> put(const Document& document, const WriteCondition& condition, const Context& context) override {
    return call("put", document.id, [&]() -> Result<Document> {
      DOCUPILOT_CHECK(check_document(document));
      DOCUPILOT_TRY(const auto connection, writer(context));
      Document written = document;
      if (condition.kind == WriteCondition::Kind::any) {
        DOCUPILOT_TRY(written.revision, upsert(*connection, document, context));
        return written;
      }
      const auto body = [&]() -> Result<void> {
        DOCUPILOT_TRY(const auto revision, revision_of(*connection, document.id, context));
        DOCUPILOT_CHECK(check_condition(condition, document.id, revision));
        DOCUPILOT_TRY(written.revision, upsert(*connection, document, context));
        return {};
      };
      DOCUPILOT_CHECK(connection->transaction(context, body));
      return written;
    });
  }

  Result<std::vector<std::string>> put_many(std::span<const Document> documents,
                                            std::span<const WriteCondition> conditions,
                                            const Context& context) override {
    return call("put_many", {}, [&]() -> Result<std::vector<std::string>> {
      DOCUPILOT_CHECK(check_batch(documents, conditions));
      std::vector<std::string> revisions;
      if (documents.empty()) return revisions;
      revisions.reserve(documents.size());
      DOCUPILOT_TRY(const auto connection, writer(context));
      const auto body = [&]() -> Result<void> {
        for (std::size_t i = 0; i < documents.size(); ++i) {
          if (!conditions.empty() && conditions[i].kind != WriteCondition::Kind::any) {
            DOCUPILOT_TRY(const auto before, revision_of(*connection, documents[i].id, context));
            DOCUPILOT_CHECK(check_condition(conditions[i], documents[i].id, before));
          }
          DOCUPILOT_TRY(std::string revision, upsert(*connection, documents[i], context));
          revisions.push_back(std::move(revision));
        }
        return {};
      };
      DOCUPILOT_CHECK(connection->transaction(context, body));
      return revisions;
    });
  }

  Result<Document> get(const std::string& id, const Context& context) override {
    return call("get", id, [&]() -> Result<Document> {
      DOCUPILOT_CHECK(check_document_id(id));
      DOCUPILOT_TRY(const auto connection, pool_.reader(context));
      return read(*connection, id, context);
    });
  }

  Result<Document> patch(const std::string& id, const DocumentPatch& patch, Timestamp when,
                         const WriteCondition& condition, const Context& context) override {
    return call("patch", id, [&]() -> Result<Document> {
      DOCUPILOT_CHECK(check_document_id(id));
      DOCUPILOT_TRY(const auto connection, writer(context));
      Document document;
      const auto body = [&]() -> Result<void> {
        DOCUPILOT_TRY(Document before, read(*connection, id, context));
        DOCUPILOT_CHECK(check_condition(condition, id, before.revision));
        DOCUPILOT_TRY(document, apply_patch(std::move(before), patch, when));
        DOCUPILOT_TRY(document.revision, upsert(*connection, document, context));
        return {};
      };
      DOCUPILOT_CHECK(connection->transaction(context, body));
      return document;
    });
  }

  Result<void> remove(const std::string& id, const WriteCondition& condition, const Context& context) override {
    return call("remove", id, [&]() -> Result<void> {
      DOCUPILOT_CHECK(check_document_id(id));
      DOCUPILOT_TRY(const auto connection, writer(context));
      return connection->transaction(context, [&]() -> Result<void> {
        if (condition.kind != WriteCondition::Kind::any) {
          DOCUPILOT_TRY(const auto revision, revision_of(*connection, id, context));
          DOCUPILOT_CHECK(check_condition(condition, id, revision));
        }
        DOCUPILOT_TRY(auto row, connection->prepare("DELETE FROM document WHERE id=?1"));
        return row.bind(1, id).run(context);
      });
    });
  }

  Result<DocumentPage> query(const DocumentQuery& query, const Context& context) override {
    return call("query", {}, [&]() -> Result<DocumentPage> {
      DOCUPILOT_CHECK(check_query(query));
      DOCUPILOT_TRY(const auto begin, read_page_token(query));
      const auto sql = sqlite::page_sql(query, begin);
      DOCUPILOT_TRY(const auto connection, pool_.reader(context));
      DOCUPILOT_TRY(auto rows, connection->prepare(sql.text));
      sqlite::bind_all(rows, 1, sql.parameters);
      DocumentPage page;
      for (;;) {
        DOCUPILOT_TRY(const bool more, rows.step(context));
        if (!more) return page;
        if (page.documents.size() == query.limit) break;
        DOCUPILOT_TRY(Document document, sqlite::read_document(rows));
        page.documents.push_back(std::move(document));
      }
      page.next_page_token = make_page_token(query, page.documents.back());
      return page;
    });
  }

  Result<std::uint64_t> count(const Filter& filter, const Context& context) override {
    return call("count", {}, [&]() -> Result<std::uint64_t> {
      DOCUPILOT_CHECK(filter.check());
      const auto sql = sqlite::count_sql(filter);
      DOCUPILOT_TRY(const auto connection, pool_.reader(context));
      DOCUPILOT_TRY(auto row, connection->prepare(sql.text));
      sqlite::bind_all(row, 1, sql.parameters);
      DOCUPILOT_CHECK(row.step(context));
      return static_cast<std::uint64_t>(row.integer(0));
    });
  }

  Result<std::int64_t> increment(const std::string& counter, std::int64_t by, const Context& context) override {
    return call("increment", counter, [&]() -> Result<std::int64_t> {
      DOCUPILOT_CHECK(check_counter_name(counter));
      DOCUPILOT_TRY(const auto connection, writer(context));
      std::int64_t sum = 0;
      const auto body = [&]() -> Result<void> {
        DOCUPILOT_TRY(auto row, connection->prepare("SELECT value FROM counter WHERE name=?1"));
        DOCUPILOT_TRY(const bool there, row.bind(1, counter).step(context));
        DOCUPILOT_TRY(sum, add_to_counter(there ? row.integer(0) : 0, by));
        DOCUPILOT_TRY(auto write, connection->prepare("INSERT INTO counter VALUES(?1,?2) ON CONFLICT(name)"
                                                      " DO UPDATE SET value=?2"));
        return write.bind(1, counter).bind(2, sum).run(context);
      };
      DOCUPILOT_CHECK(connection->transaction(context, body));
      return sum;
    });
  }

 private:
  template <class Body>
  static auto call(std::string_view operation, std::string_view target, Body&& body) -> decltype(body()) {
    return body().transform_error([&](Error&& e) { return in_call(std::move(e), operation, "sqlite", target); });
  }

  Result<sqlite::Pool::Lease> writer(const Context& context) {
    if (!pool_.options().read_only) return pool_.writer(context);
    return Error(ErrorCode::permission_denied, "the database was opened to be read only")
        .target(pool_.options().path)
        .hint("open it without read_only");
  }

  static Result<std::string> upsert(Connection& connection, const Document& document, const Context& context) {
    static const std::string sql = upsert_sql();
    DOCUPILOT_TRY(auto row, connection.prepare(sql));
    std::string revision = crypto::random_hex(revision_digits);
    sqlite::bind_document(row, document, revision);
    DOCUPILOT_CHECK(row.run(context));
    return revision;
  }

  static Result<Document> read(Connection& connection, const std::string& id, const Context& context) {
    static const std::string sql = "SELECT " + std::string(sqlite::document_columns) + " FROM document WHERE id=?1";
    DOCUPILOT_TRY(auto row, connection.prepare(sql));
    DOCUPILOT_TRY(const bool there, row.bind(1, id).step(context));
    if (!there) return no_such_document();
    return sqlite::read_document(row);
  }

  static Result<std::optional<std::string>> revision_of(Connection& connection, const std::string& id,
                                                        const Context& context) {
    DOCUPILOT_TRY(auto row, connection.prepare("SELECT revision FROM document WHERE id=?1"));
    DOCUPILOT_TRY(const bool there, row.bind(1, id).step(context));
    if (!there) return std::optional<std::string>();
    return std::optional(std::string(row.text(0)));
  }

  sqlite::Pool pool_;
};

}  // namespace

Result<std::unique_ptr<MetadataStore>> open_sqlite_metadata(SqliteMetadataOptions options) {
  auto store = std::make_unique<SqliteMetadata>(options);
  if (auto opened = store->open(); !opened) {
    return in_call(std::move(opened).error(), "open", "sqlite", options.path);
  }
  return std::unique_ptr<MetadataStore>(std::move(store));
}

}  // namespace docupilot::inline v1
