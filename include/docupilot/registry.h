#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/log.h>
#include <docupilot/base/url.h>
#include <docupilot/metadata/metadata_store.h>
#include <docupilot/search/search_index.h>
#include <docupilot/store/object_store.h>
#include <docupilot/summary/summarizer.h>

namespace docupilot::inline v1 {

/// How a backend is to be opened.
struct OpenMode {
  bool read_only = false;
  Hooks hooks = {};  ///< Of the client that opens it.
};

/// Knows which scheme is opened by which factory. A value: copy it, add to it, give it to a Client; no registration
/// happens behind anyone's back. Reading it from many threads is safe, changing it is for one.
///
///     Registry registry = Registry::with_builtins();
///     registry.add_store("tape", [](const BackendUrl& url, const OpenMode&) { return open_tape_robot(url.path); });
class DOCUPILOT_EXPORT Registry {
 public:
  template <class Role>
  using Factory = std::function<Result<std::unique_ptr<Role>>(const BackendUrl& url, const OpenMode& mode)>;

  /// Knows nothing.
  Registry();
  ~Registry();
  Registry(const Registry&);
  Registry(Registry&&) noexcept;
  Registry& operator=(const Registry&);
  Registry& operator=(Registry&&) noexcept;

  /// Knows every backend that this build has.
  [[nodiscard]] static Registry with_builtins();

  /// A scheme that is known already gets the new factory.
  Registry& add_store(std::string scheme, Factory<ObjectStore> factory);
  Registry& add_metadata(std::string scheme, Factory<MetadataStore> factory);
  Registry& add_search(std::string scheme, Factory<SearchIndex> factory);
  Registry& add_summary(std::string scheme, Factory<Summarizer> factory);

  /// Errors: unsupported for an unknown scheme, naming the known ones; invalid_argument for a bad URL; those of the
  /// backend.
  [[nodiscard]] Result<std::unique_ptr<ObjectStore>> open_store(std::string_view url, const OpenMode& mode = {}) const;
  [[nodiscard]] Result<std::unique_ptr<MetadataStore>> open_metadata(std::string_view url,
                                                                     const OpenMode& mode = {}) const;
  [[nodiscard]] Result<std::unique_ptr<SearchIndex>> open_search(std::string_view url, const OpenMode& mode = {}) const;
  [[nodiscard]] Result<std::unique_ptr<Summarizer>> open_summary(std::string_view url, const OpenMode& mode = {}) const;

 private:
  std::map<std::string, Factory<ObjectStore>, std::less<>> stores_;
  std::map<std::string, Factory<MetadataStore>, std::less<>> metadata_;
  std::map<std::string, Factory<SearchIndex>, std::less<>> searches_;
  std::map<std::string, Factory<Summarizer>, std::less<>> summaries_;
};

}  // namespace docupilot::inline v1
