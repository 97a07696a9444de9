#pragma once

#include <memory>
#include <mutex>

#include <docupilot/client.h>

#include "job/roles.h"

namespace docupilot::inline v1 {

/// The backends of one client, each opened when it is first needed. Any thread.
class Library {
 public:
  enum class Access {
    read,   ///< Makes nothing, and does with a library that may only be read.
    write,  ///< Makes what is missing.
  };

  Library(Config config, ClientOptions options);

  [[nodiscard]] Result<ObjectStore*> store(Access access);
  /// A store of the caller's own, whether or not there is a library yet.
  [[nodiscard]] Result<std::unique_ptr<ObjectStore>> open_store() const;
  [[nodiscard]] Result<MetadataStore*> metadata(Access access);
  [[nodiscard]] Result<SearchIndex*> search(Access access);
  [[nodiscard]] Result<Summarizer*> summarizer();
  /// Of the store, for writing. Null where uploads would gain nothing: the store is on this machine.
  [[nodiscard]] Result<Uploader*> uploader();
  /// Null for reading when there is none yet: then nothing is under way.
  [[nodiscard]] Result<Journal*> journal(Access access);
  /// All of them, for writing.
  [[nodiscard]] Result<Roles> roles();

  [[nodiscard]] Extractor& extractor() noexcept { return *extractor_; }
  [[nodiscard]] const Config& config() const noexcept { return config_; }
  [[nodiscard]] Clock& clock() const noexcept { return clock_; }
  /// Whether the library folder holds a library; true when there is no such folder to look at.
  [[nodiscard]] bool exists() const;

 private:
  template <class Role>
  struct Slot {
    std::unique_ptr<Role> role;
    bool writable = false;
  };
  template <class Role, class Open>
  Result<Role*> take(Slot<Role>& slot, Access access, Open open);
  [[nodiscard]] Result<void> prepare(Access access) const;

  Config config_;
  Registry registry_;
  Hooks hooks_;
  Clock& clock_;
  std::unique_ptr<Extractor> extractor_;
  std::recursive_mutex mutex_;  // guards the slots; what they hold stays once opened
  Slot<ObjectStore> store_;
  Slot<MetadataStore> metadata_;
  Slot<SearchIndex> search_;
  std::unique_ptr<Summarizer> summarizer_;
  Slot<Journal> journal_;
  std::vector<std::shared_ptr<void>> replaced_;  // opened for reading before; somebody may still use them
  std::unique_ptr<Uploader> uploader_;           // of store_: goes first
};

}  // namespace docupilot::inline v1
