#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <docupilot/source/content_hash.h>
#include <docupilot/upload/downloader.h>

#include <doctest/doctest.h>

#include "support/object_calls.h"
#include "support/scripted_store.h"
#include "support/scripted_streams.h"
#include "support/temp_dir.h"

namespace docupilot_test {

constexpr std::uint64_t small_range = 65'536;

inline std::unique_ptr<docupilot::Downloader> downloader_for(std::shared_ptr<docupilot::ObjectStore> store,
                                                             docupilot::DownloaderOptions options = {}) {
  options.range_size = std::min(options.range_size, small_range);
  return docupilot::make_downloader(std::move(store), options).value();
}

inline std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// All names in a folder, in order; hidden ones too.
inline std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

/// The file in a folder whose name ends so, or an empty text.
inline std::string path_ending(const std::filesystem::path& folder, const std::string& ending) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().ends_with(ending)) return entry.path();
  }
  return {};
}

using Names = std::vector<std::string>;
using Offsets = std::vector<std::uint64_t>;

/// An object "k" of a store, and a folder of its own to bring it to.
struct Download {
  TempDir dir;
  std::shared_ptr<ScriptedStore> store = std::make_shared<ScriptedStore>();
  std::string text;
  std::string target = dir / "target";

  explicit Download(std::size_t size) : text(pattern(size)) { REQUIRE(put_text(*store, "k", text)); }

  [[nodiscard]] docupilot::Result<docupilot::DownloadResult> run(docupilot::DownloaderOptions options = {},
                                                                 const docupilot::DownloadOptions& more = {},
                                                                 const docupilot::Context& context = {}) const {
    return downloader_for(store, options)->to_file("k", target, more, context);
  }
  [[nodiscard]] std::string etag() const { return store->head("k", {}).value().etag; }
  [[nodiscard]] bool is_whole() const { return file_text(target) == text; }
  [[nodiscard]] Names names() const { return names_in(dir.path()); }
  /// The store tells the checksum of the whole.
  void tell_checksum() const {
    const std::uint64_t crc = docupilot::crc64nvme(docupilot::as_bytes(text));
    store->on_info = [crc](docupilot::ObjectInfo& info) { info.crc64nvme = crc; };
  }
  /// A run that ends, for now, when so many ranges have come.
  void bring_only(std::uint64_t ranges) const {
    store->on_get = [ranges](const docupilot::GetOptions& get, const docupilot::Context&) -> docupilot::Result<void> {
      if (get.offset < ranges * small_range) return {};
      return docupilot::Error(docupilot::ErrorCode::unavailable, "the test lets no more come");
    };
    REQUIRE(code_of(run({.connections = 1})) == "unavailable");
    store->on_get = {};
    static_cast<void>(store->take_offsets());
  }
};

}  // namespace docupilot_test
