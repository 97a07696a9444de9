#pragma once

#include <algorithm>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <docupilot/store/memory_store.h>

#include "support/forwarding_store.h"
#include "support/object_calls.h"

namespace docupilot_test {

/// A store in memory that tells what is asked of it, and lets a test change what it answers. The functions are called
/// from any thread.
class ScriptedStore final : public ForwardingStore {
 public:
  using Bytes = docupilot::ByteView;

  std::function<void(docupilot::ObjectInfo&)> on_info = {};  ///< Changes what `head` and `get` tell.
  /// Before each get; an error is returned in its place.
  std::function<docupilot::Result<void>(const docupilot::GetOptions&, const docupilot::Context&)> on_get = {};
  /// In the place of the writer: passes on what it likes. `at` is the place in the object of the first byte.
  std::function<docupilot::Result<void>(std::uint64_t at, Bytes bytes, docupilot::Writer& into)> on_bytes = {};
  std::size_t piece = SIZE_MAX;   ///< Bytes a write, at the most.
  bool ignores_if_match = false;  ///< Gives any version.
  std::string where = "memory";

  ScriptedStore() : ForwardingStore(docupilot::make_memory_store()) {}

  [[nodiscard]] std::string location() const override { return where; }
  [[nodiscard]] docupilot::Result<docupilot::ObjectInfo> head(const std::string& key,
                                                              const docupilot::Context& context) override {
    return changed(ForwardingStore::head(key, context));
  }
  [[nodiscard]] docupilot::Result<docupilot::ObjectInfo> get(const std::string& key, docupilot::Writer& into,
                                                             const docupilot::GetOptions& options,
                                                             const docupilot::Context& context) override {
    {
      const std::lock_guard lock(mutex_);
      gets_.push_back(options);
    }
    if (on_get) {
      if (auto go_on = on_get(options, context); !go_on) return std::move(go_on).error();
    }
    Through through(*this, options.offset, into);
    docupilot::GetOptions asked = options;
    if (ignores_if_match) asked.if_match.clear();
    return changed(inner().get(key, through, asked, context));
  }

  [[nodiscard]] std::vector<docupilot::GetOptions> gets() const {
    const std::lock_guard lock(mutex_);
    return gets_;
  }
  /// Where the ranges asked for began, in order, and none of the gets before.
  std::vector<std::uint64_t> take_offsets() {
    const std::lock_guard lock(mutex_);
    std::vector<std::uint64_t> offsets;
    for (const auto& get : gets_) offsets.push_back(get.offset);
    gets_.clear();
    std::ranges::sort(offsets);
    return offsets;
  }

 private:
  class Through final : public docupilot::Writer {
   public:
    Through(ScriptedStore& store, std::uint64_t at, docupilot::Writer& into) : store_(store), at_(at), into_(into) {}
    [[nodiscard]] docupilot::Result<void> write(Bytes bytes) override {
      while (!bytes.empty()) {
        const Bytes part = bytes.first(std::min(bytes.size(), store_.piece));
        bytes = bytes.subspan(part.size());
        auto done = store_.on_bytes ? store_.on_bytes(at_, part, into_) : into_.write(part);
        if (!done) return done;
        at_ += part.size();
      }
      return {};
    }

   private:
    ScriptedStore& store_;
    std::uint64_t at_;
    docupilot::Writer& into_;
  };

  [[nodiscard]] docupilot::Result<docupilot::ObjectInfo> changed(docupilot::Result<docupilot::ObjectInfo> info) const {
    if (info && on_info) on_info(*info);
    return info;
  }

  mutable std::mutex mutex_;
  std::vector<docupilot::GetOptions> gets_;
};

}  // namespace docupilot_test
