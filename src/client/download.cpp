#include "client/download.h"

#include <docupilot/source/content_hash.h>
#include <docupilot/upload/downloader.h>

#include "base/part_file.h"
#include "base/try.h"

namespace docupilot::inline v1 {

namespace {

class HashingWriter final : public Writer {
 public:
  explicit HashingWriter(Writer& next) : next_(next) {}
  Result<void> write(ByteView bytes) override {
    hash_.update(bytes);
    return next_.write(bytes);
  }
  [[nodiscard]] std::uint64_t size() const { return hash_.size(); }
  [[nodiscard]] std::string sha256() { return hash_.finish().sha256; }

 private:
  Writer& next_;
  ContentHash hash_{Hashes::sha256};
};

Error not_as_ingested(const ObjectStore& store, const Document& document) {
  return Error(ErrorCode::corrupted, "the stored bytes are not those that were ingested")
      .operation("download")
      .backend(store.scheme())
      .target(document.id)
      .hint("ingest the document again from its source");
}

Result<void> download_in_ranges(ObjectStore& store, const Document& document, const std::string& path,
                                const Context& context) {
  DOCUPILOT_TRY(const auto downloader, make_downloader({std::shared_ptr<ObjectStore>(), &store}));
  const auto got = downloader->to_file(document.object.key, path, {.sha256 = document.checksums.sha256}, context);
  if (got) return {};
  if (got.error().code() == ErrorCode::corrupted) return not_as_ingested(store, document).cause(got.error());
  return got.error();
}

}  // namespace

Result<void> download_checked(ObjectStore& store, const Document& document, Writer& into, const Context& context) {
  HashingWriter checked(into);
  DOCUPILOT_CHECK(store.get(document.object.key, checked, {}, context));
  const std::uint64_t size = checked.size();
  const std::string& expected = document.checksums.sha256;
  if (size != document.size || (!expected.empty() && checked.sha256() != expected)) {
    return not_as_ingested(store, document);
  }
  return {};
}

Result<void> download_file(ObjectStore& store, const Document& document, const std::string& path,
                           const Context& context) {
  if (store.capabilities().remote && document.size > DownloaderOptions().range_size) {
    return download_in_ranges(store, document, path, context);
  }
  PartFile file(path);
  DOCUPILOT_CHECK(file.open());
  DOCUPILOT_CHECK(download_checked(store, document, file, context));
  return file.keep();
}

}  // namespace docupilot::inline v1
