#include <docupilot/metadata/memory_metadata.h>
#include <docupilot/metadata/sqlite_metadata.h>
#include <docupilot/registry.h>
#include <docupilot/search/sqlite_index.h>
#include <docupilot/store/local_store.h>
#include <docupilot/store/memory_store.h>
#include <docupilot/store/s3_store.h>
#include <docupilot/summary/extractive_summarizer.h>

#include "base/try.h"

namespace docupilot::inline v1 {

namespace {

template <class Role>
Result<std::unique_ptr<Role>> open_role(const std::map<std::string, Registry::Factory<Role>, std::less<>>& factories,
                                        std::string_view role, std::string_view url, const OpenMode& mode) {
  DOCUPILOT_TRY(const BackendUrl parsed, BackendUrl::parse(url));
  const auto found = factories.find(parsed.scheme);
  if (found != factories.end()) return found->second(parsed, mode);
  std::string known;
  for (const auto& [scheme, factory] : factories) known += (known.empty() ? "" : ", ") + scheme;
  return Error(ErrorCode::unsupported, "no " + std::string(role) + " has the scheme '" + parsed.scheme + "'")
      .operation("open")
      .target(BackendUrl::redacted(url))
      .hint(known.empty() ? std::string("none is registered") : "known schemes: " + known);
}

// Backends that take no parameters say so instead of passing over a misspelt one.
Result<void> check_parameters(const BackendUrl& url) {
  if (url.parameters.empty() && url.authority.empty()) return {};
  return Error(ErrorCode::invalid_argument,
               url.authority.empty() ? "this backend has no parameter '" + url.parameters.begin()->first + "'"
                                     : "this backend has no host")
      .operation("open")
      .target(url.scheme + ':' + url.path)
      .hint("write a path as " + url.scheme + ":PATH");
}

Result<std::unique_ptr<ObjectStore>> open_file(const BackendUrl& url, const OpenMode& mode) {
  DOCUPILOT_CHECK(check_parameters(url));
  return open_local_store({.root = url.path, .read_only = mode.read_only});
}
Result<std::unique_ptr<ObjectStore>> open_memory(const BackendUrl& url, const OpenMode&) {
  DOCUPILOT_CHECK(check_parameters(url));
  return make_memory_store();
}
Result<std::unique_ptr<ObjectStore>> open_s3(const BackendUrl& url, const OpenMode& mode) {
  DOCUPILOT_TRY(S3Options options, S3Options::from_url(url));
  options.read_only = mode.read_only;
  options.hooks = mode.hooks;
  DOCUPILOT_TRY(std::unique_ptr<S3Store> store, open_s3_store(std::move(options)));
  return std::unique_ptr<ObjectStore>(std::move(store));
}
Result<std::unique_ptr<MetadataStore>> open_sqlite(const BackendUrl& url, const OpenMode& mode) {
  DOCUPILOT_CHECK(check_parameters(url));
  return open_sqlite_metadata({.path = url.path, .read_only = mode.read_only});
}
Result<std::unique_ptr<MetadataStore>> open_metadata_memory(const BackendUrl& url, const OpenMode&) {
  DOCUPILOT_CHECK(check_parameters(url));
  return make_memory_metadata();
}
Result<std::unique_ptr<SearchIndex>> open_fts5(const BackendUrl& url, const OpenMode& mode) {
  DOCUPILOT_CHECK(check_parameters(url));
  return open_sqlite_index({.path = url.path, .read_only = mode.read_only});
}
Result<std::unique_ptr<SearchIndex>> open_fts5_memory(const BackendUrl& url, const OpenMode&) {
  DOCUPILOT_CHECK(check_parameters(url));
  return open_sqlite_index({.path = ":memory:"});
}
Result<std::unique_ptr<Summarizer>> open_extractive(const BackendUrl& url, const OpenMode&) {
  DOCUPILOT_CHECK(check_parameters(url));
  return make_extractive_summarizer();
}

}  // namespace

Registry::Registry() = default;
Registry::~Registry() = default;
Registry::Registry(const Registry&) = default;
Registry::Registry(Registry&&) noexcept = default;
Registry& Registry::operator=(const Registry&) = default;
Registry& Registry::operator=(Registry&&) noexcept = default;

Registry Registry::with_builtins() {
  Registry registry;
  registry.add_store("file", open_file).add_store("memory", open_memory).add_store("s3", open_s3);
  registry.add_metadata("sqlite", open_sqlite).add_metadata("memory", open_metadata_memory);
  registry.add_search("sqlite", open_fts5).add_search("memory", open_fts5_memory);
  registry.add_summary("extractive", open_extractive);
  return registry;
}

Registry& Registry::add_store(std::string scheme, Factory<ObjectStore> factory) {
  stores_.insert_or_assign(std::move(scheme), std::move(factory));
  return *this;
}
Registry& Registry::add_metadata(std::string scheme, Factory<MetadataStore> factory) {
  metadata_.insert_or_assign(std::move(scheme), std::move(factory));
  return *this;
}
Registry& Registry::add_search(std::string scheme, Factory<SearchIndex> factory) {
  searches_.insert_or_assign(std::move(scheme), std::move(factory));
  return *this;
}
Registry& Registry::add_summary(std::string scheme, Factory<Summarizer> factory) {
  summaries_.insert_or_assign(std::move(scheme), std::move(factory));
  return *this;
}

Result<std::unique_ptr<ObjectStore>> Registry::open_store(std::string_view url, const OpenMode& mode) const {
  return open_role(stores_, "object store", url, mode);
}
Result<std::unique_ptr<MetadataStore>> Registry::open_metadata(std::string_view url, const OpenMode& mode) const {
  return open_role(metadata_, "metadata store", url, mode);
}
Result<std::unique_ptr<SearchIndex>> Registry::open_search(std::string_view url, const OpenMode& mode) const {
  return open_role(searches_, "search index", url, mode);
}
Result<std::unique_ptr<Summarizer>> Registry::open_summary(std::string_view url, const OpenMode& mode) const {
  return open_role(summaries_, "summariser", url, mode);
}

}  // namespace docupilot::inline v1
