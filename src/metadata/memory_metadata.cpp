#include <docupilot/metadata/memory_metadata.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "base/filter_order.h"
#include "base/try.h"
#include "metadata/document_check.h"
#include "metadata/page_token.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t documents_between_checks = 1'024;

struct Candidate {
  std::vector<std::string> keys;
  const Document* document = nullptr;
};

// The order of a query as a comparison.
class Order {
 public:
  explicit Order(const std::vector<OrderBy>& order) : order_(order) {}

  [[nodiscard]] std::vector<std::string> keys(const PagePosition& position) const {
    std::vector<std::string> keys;
    for (const Value& value : position.values) keys.push_back(sort_key(value));
    return keys;
  }

  [[nodiscard]] bool before(const std::vector<std::string>& a_keys, const std::string& a_id,
                            const std::vector<std::string>& b_keys, const std::string& b_id) const {
    for (std::size_t i = 0; i < order_.size(); ++i) {
      if (const int compared = a_keys[i].compare(b_keys[i]); compared != 0) {
        return order_[i].descending ? compared > 0 : compared < 0;
      }
    }
    return ties_descend(order_) ? a_id > b_id : a_id < b_id;
  }

 private:
  const std::vector<OrderBy>& order_;
};

class MemoryMetadata final : public MetadataStore {
 public:
  std::string scheme() const override { return "memory"; }
  MetadataCapabilities capabilities() const override {
    return {.conditional_write = true, .atomic_batch = true, .negation = true, .any_of_ranges = true};
  }

  Result<Document> put(const Document& document, const WriteCondition& condition, const Context& context) override {
    return call("put", document.id, context, [&]() -> Result<Document> {
      DOCUPILOT_CHECK(check_document(document));
      const std::unique_lock lock(mutex_);
      DOCUPILOT_CHECK(check_condition(condition, document.id, revision_of(document.id)));
      return write(document);
    });
  }

  Result<std::vector<std::string>> put_many(std::span<const Document> documents,
                                            std::span<const WriteCondition> conditions,
                                            const Context& context) override {
    return call("put_many", {}, context, [&]() -> Result<std::vector<std::string>> {
      DOCUPILOT_CHECK(check_batch(documents, conditions));
      std::vector<std::string> revisions;
      std::vector<std::pair<std::string, std::optional<Document>>> before;
      const std::unique_lock lock(mutex_);
      for (std::size_t i = 0; i < documents.size(); ++i) {
        const std::string& id = documents[i].id;
        if (!conditions.empty()) {
          if (auto good = check_condition(conditions[i], id, revision_of(id)); !good) {
            restore(before);
            return std::move(good).error();
          }
        }
        const auto found = documents_.find(id);
        before.emplace_back(id, found == documents_.end() ? std::nullopt : std::optional(found->second));
        revisions.push_back(write(documents[i]).revision);
      }
      return revisions;
    });
  }

  Result<Document> get(const std::string& id, const Context& context) override {
    return call("get", id, context, [&]() -> Result<Document> {
      DOCUPILOT_CHECK(check_document_id(id));
      const std::shared_lock lock(mutex_);
      const auto found = documents_.find(id);
      if (found == documents_.end()) return no_such_document();
      return found->second;
    });
  }

  Result<Document> patch(const std::string& id, const DocumentPatch& patch, Timestamp when,
                         const WriteCondition& condition, const Context& context) override {
    return call("patch", id, context, [&]() -> Result<Document> {
      DOCUPILOT_CHECK(check_document_id(id));
      const std::unique_lock lock(mutex_);
      const auto found = documents_.find(id);
      if (found == documents_.end()) return no_such_document();
      DOCUPILOT_CHECK(check_condition(condition, id, found->second.revision));
      DOCUPILOT_TRY(const Document changed, apply_patch(found->second, patch, when));
      return write(changed);
    });
  }

  Result<void> remove(const std::string& id, const WriteCondition& condition, const Context& context) override {
    return call("remove", id, context, [&]() -> Result<void> {
      DOCUPILOT_CHECK(check_document_id(id));
      const std::unique_lock lock(mutex_);
      DOCUPILOT_CHECK(check_condition(condition, id, revision_of(id)));
      documents_.erase(id);
      return {};
    });
  }

  Result<DocumentPage> query(const DocumentQuery& query, const Context& context) override {
    return call("query", {}, context, [&]() -> Result<DocumentPage> {
      DOCUPILOT_CHECK(check_query(query));
      DOCUPILOT_TRY(const auto begin, read_page_token(query));
      const Order order(query.order);
      const std::shared_lock lock(mutex_);
      DOCUPILOT_TRY(auto candidates, behind(begin, order, query, context));
      const std::size_t count = std::min(query.limit, candidates.size());
      std::ranges::partial_sort(candidates, candidates.begin() + static_cast<std::ptrdiff_t>(count),
                                [&](const Candidate& a, const Candidate& b) {
                                  return order.before(a.keys, a.document->id, b.keys, b.document->id);
                                });
      DocumentPage page;
      page.documents.reserve(count);
      for (std::size_t i = 0; i < count; ++i) page.documents.push_back(*candidates[i].document);
      if (candidates.size() > count) page.next_page_token = make_page_token(query, page.documents.back());
      return page;
    });
  }

  Result<std::uint64_t> count(const Filter& filter, const Context& context) override {
    return call("count", {}, context, [&]() -> Result<std::uint64_t> {
      DOCUPILOT_CHECK(filter.check());
      const std::shared_lock lock(mutex_);
      std::uint64_t matching = 0;
      std::size_t seen = 0;
      for (const auto& [id, document] : documents_) {
        if (seen++ % documents_between_checks == 0) DOCUPILOT_CHECK(context.check("count"));
        if (filter.matches(document)) ++matching;
      }
      return matching;
    });
  }

  Result<std::int64_t> increment(const std::string& counter, std::int64_t by, const Context& context) override {
    return call("increment", counter, context, [&]() -> Result<std::int64_t> {
      DOCUPILOT_CHECK(check_counter_name(counter));
      const std::unique_lock lock(mutex_);
      const auto found = counters_.find(counter);
      DOCUPILOT_TRY(const std::int64_t sum, add_to_counter(found == counters_.end() ? 0 : found->second, by));
      counters_.insert_or_assign(counter, sum);
      return sum;
    });
  }

 private:
  template <class Body>
  static auto call(std::string_view operation, std::string_view target, const Context& context, Body&& body)
      -> decltype(body()) {
    const auto named = [&](Error&& e) { return in_call(std::move(e), operation, "memory", target); };
    DOCUPILOT_CHECK(context.check(operation).transform_error(named));
    return body().transform_error(named);
  }

  // The matching documents behind a position, in no order. The lock is held.
  [[nodiscard]] Result<std::vector<Candidate>> behind(const std::optional<PagePosition>& begin, const Order& order,
                                                      const DocumentQuery& query, const Context& context) const {
    const std::vector<std::string> begin_keys = begin ? order.keys(*begin) : std::vector<std::string>();
    std::vector<Candidate> candidates;
    std::size_t seen = 0;
    for (const auto& [id, document] : documents_) {
      if (seen++ % documents_between_checks == 0) DOCUPILOT_CHECK(context.check("query"));
      if (!query.filter.matches(document)) continue;
      Candidate candidate{order.keys(page_position(query.order, document)), &document};
      if (begin && !order.before(begin_keys, begin->id, candidate.keys, id)) continue;
      candidates.push_back(std::move(candidate));
    }
    return candidates;
  }

  [[nodiscard]] std::optional<std::string> revision_of(const std::string& id) const {
    const auto found = documents_.find(id);
    return found == documents_.end() ? std::nullopt : std::optional(found->second.revision);
  }

  // Takes writes back, the last one first.
  void restore(std::vector<std::pair<std::string, std::optional<Document>>>& before) {
    for (auto i = before.rbegin(); i != before.rend(); ++i) {
      if (i->second) documents_[i->first] = *std::move(i->second);
      else documents_.erase(i->first);
    }
  }

  const Document& write(const Document& document) {
    Document& kept = documents_[document.id];
    kept = document;
    kept.revision = std::to_string(++writes_);
    return kept;
  }

  std::shared_mutex mutex_;  // guards what follows
  std::map<std::string, Document, std::less<>> documents_;
  std::map<std::string, std::int64_t> counters_;
  std::uint64_t writes_ = 0;
};

}  // namespace

std::unique_ptr<MetadataStore> make_memory_metadata() { return std::make_unique<MemoryMetadata>(); }

}  // namespace docupilot::inline v1
