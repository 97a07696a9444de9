#pragma once

#include <docupilot/docupilot.h>

#include <atomic>
#include <memory>

#include "support/forwarding_store.h"

namespace docupilot_test {

/// Counts the calls of all roles of a client, and after a given number lets every one fail: to the roles that is what
/// it looks like when the process dies between two calls.
class Life {
 public:
  explicit Life(int calls) : left_(calls) {}

  [[nodiscard]] docupilot::Result<void> spend() {
    ++spent_;
    if (left_.fetch_sub(1) > 0) return {};
    return docupilot::Error(docupilot::ErrorCode::unavailable, "the test lets nothing work any more");
  }
  [[nodiscard]] int spent() const { return spent_; }

 private:
  std::atomic<int> left_;
  std::atomic<int> spent_ = 0;
};

class DyingStore final : public ForwardingStore {
 public:
  DyingStore(std::unique_ptr<docupilot::ObjectStore> inner, std::shared_ptr<Life> life)
      : ForwardingStore(std::move(inner)), life_(std::move(life)) {}

 protected:
  [[nodiscard]] docupilot::Result<void> before(std::string_view) override { return life_->spend(); }

 private:
  std::shared_ptr<Life> life_;
};

class DyingMetadata final : public docupilot::MetadataStore {
 public:
  DyingMetadata(std::unique_ptr<docupilot::MetadataStore> inner, std::shared_ptr<Life> life)
      : inner_(std::move(inner)), life_(std::move(life)) {}

  std::string scheme() const override { return inner_->scheme(); }
  docupilot::MetadataCapabilities capabilities() const override { return inner_->capabilities(); }
  docupilot::Result<docupilot::Document> put(const docupilot::Document& document,
                                             const docupilot::WriteCondition& condition,
                                             const docupilot::Context& context) override {
    if (auto alive = life_->spend(); !alive) return alive.error();
    return inner_->put(document, condition, context);
  }
  docupilot::Result<std::vector<std::string>> put_many(std::span<const docupilot::Document> documents,
                                                       std::span<const docupilot::WriteCondition> conditions,
                                                       const docupilot::Context& context) override {
    if (auto alive = life_->spend(); !alive) return alive.error();
    return inner_->put_many(documents, conditions, context);
  }
  docupilot::Result<docupilot::Document> get(const std::string& id, const docupilot::Context& context) override {
    if (auto alive = life_->spend(); !alive) return alive.error();
    return inner_->get(id, context);
  }
  docupilot::Result<docupilot::Document> patch(const std::string& id, const docupilot::DocumentPatch& patch,
                                               docupilot::Timestamp when, const docupilot::WriteCondition& condition,
                                               const docupilot::Context& context) override {
    if (auto alive = life_->spend(); !alive) return alive.error();
    return inner_->patch(id, patch, when, condition, context);
  }
  docupilot::Result<void> remove(const std::string& id, const docupilot::WriteCondition& condition,
                                 const docupilot::Context& context) override {
    if (auto alive = life_->spend(); !alive) return alive.error();
    return inner_->remove(id, condition, context);
  }
  docupilot::Result<docupilot::DocumentPage> query(const docupilot::DocumentQuery& query,
                                                   const docupilot::Context& context) override {
    return inner_->query(query, context);
  }
  docupilot::Result<std::uint64_t> count(const docupilot::Filter& filter, const docupilot::Context& context) override {
    return inner_->count(filter, context);
  }
  docupilot::Result<std::int64_t> increment(const std::string& counter, std::int64_t by,
                                            const docupilot::Context& context) override {
    return inner_->increment(counter, by, context);
  }

 private:
  std::unique_ptr<docupilot::MetadataStore> inner_;
  std::shared_ptr<Life> life_;
};

class DyingIndex final : public docupilot::SearchIndex {
 public:
  DyingIndex(std::unique_ptr<docupilot::SearchIndex> inner, std::shared_ptr<Life> life)
      : inner_(std::move(inner)), life_(std::move(life)) {}

  std::string scheme() const override { return inner_->scheme(); }
  docupilot::SearchCapabilities capabilities() const override { return inner_->capabilities(); }
  docupilot::Result<docupilot::WriteToken> upsert(std::span<const docupilot::IndexEntry> entries,
                                                  const docupilot::Context& context) override {
    if (auto alive = life_->spend(); !alive) return alive.error();
    return inner_->upsert(entries, context);
  }
  docupilot::Result<docupilot::WriteToken> remove(std::span<const std::string> ids,
                                                  const docupilot::Context& context) override {
    if (auto alive = life_->spend(); !alive) return alive.error();
    return inner_->remove(ids, context);
  }
  docupilot::Result<void> wait(const docupilot::WriteToken& token, const docupilot::Context& context) override {
    return inner_->wait(token, context);
  }
  docupilot::Result<docupilot::SearchResult> query(const docupilot::SearchQuery& query,
                                                   const docupilot::Context& context) override {
    return inner_->query(query, context);
  }
  docupilot::Result<std::uint64_t> count(const docupilot::Context& context) override { return inner_->count(context); }
  docupilot::Result<std::vector<std::string>> ids(const std::string& after, std::size_t limit,
                                                  const docupilot::Context& context) override {
    return inner_->ids(after, limit, context);
  }

 private:
  std::unique_ptr<docupilot::SearchIndex> inner_;
  std::shared_ptr<Life> life_;
};

/// The built-in backends, all living one life.
inline docupilot::Registry dying_registry(std::shared_ptr<Life> life) {
  using namespace docupilot;
  const Registry real = Registry::with_builtins();
  const auto url = [](const BackendUrl& parsed) { return parsed.scheme + ':' + parsed.path; };
  Registry registry = real;
  registry.add_store("file", [=](const BackendUrl& u, OpenMode mode) {
    return real.open_store(url(u), mode).transform([&](auto inner) -> std::unique_ptr<ObjectStore> {
      return std::make_unique<DyingStore>(std::move(inner), life);
    });
  });
  registry.add_metadata("sqlite", [=](const BackendUrl& u, OpenMode mode) {
    return real.open_metadata(url(u), mode).transform([&](auto inner) -> std::unique_ptr<MetadataStore> {
      return std::make_unique<DyingMetadata>(std::move(inner), life);
    });
  });
  registry.add_search("sqlite", [=](const BackendUrl& u, OpenMode mode) {
    return real.open_search(url(u), mode).transform([&](auto inner) -> std::unique_ptr<SearchIndex> {
      return std::make_unique<DyingIndex>(std::move(inner), life);
    });
  });
  return registry;
}

}  // namespace docupilot_test
