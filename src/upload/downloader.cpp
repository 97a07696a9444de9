#include <docupilot/upload/downloader.h>

#include <utility>

#include "base/part_file.h"
#include "base/try.h"
#include "upload/download_file.h"
#include "upload/download_plan.h"
#include "upload/download_run.h"
#include "upload/rate_limit.h"
#include "upload/steady_time.h"

namespace docupilot::inline v1 {

Downloader::~Downloader() = default;

namespace {

class StoreDownloader final : public Downloader {
 public:
  StoreDownloader(std::shared_ptr<ObjectStore> store, const DownloaderOptions& options)
      : store_(std::move(store)), options_(options), limit_(options.bytes_per_second) {}

  Result<DownloadResult> to_file(const std::string& key, const std::string& path, const DownloadOptions& options,
                                 const Context& context) override {
    return bring(key, std::make_unique<PartFile>(path), options, context);
  }
  Result<DownloadResult> into_folder(const std::string& key, const std::string& folder, const DownloadOptions& options,
                                     const Context& context) override {
    return bring(key, std::make_unique<PartFile>(folder, key), options, context);
  }
  void limit_rate(std::uint64_t bytes_per_second) override { limit_.set(steady_time(), bytes_per_second); }

 private:
  [[nodiscard]] Error not_wanted(const std::string& key) const {
    return Error(ErrorCode::corrupted, "the object has not the SHA-256 that is wanted")
        .operation("download")
        .backend(store_->scheme())
        .target(key)
        .hint("it was replaced or damaged: upload it again");
  }
  Result<DownloadResult> bring(const std::string& key, std::unique_ptr<PartFile> target, const DownloadOptions& options,
                               const Context& context) {
    DOCUPILOT_CHECK(context.check("download"));
    DOCUPILOT_TRY(ObjectInfo object, store_->head(key, context));
    if (!options.if_match.empty() && options.if_match != object.etag) {
      return Error(ErrorCode::precondition_failed, "the object is not of the version that is wanted")
          .operation("download")
          .backend(store_->scheme())
          .target(key)
          .hint("look at the object, then decide");
    }
    DownloadFile file(std::move(target));
    // Where nothing tells one version from another, all bytes have to come from one reply.
    const bool is_pinned = !object.etag.empty();
    DownloadPlan plan(object.size, is_pinned ? options_.range_size : object.size);
    const DownloadIdentity identity{.location = store_->location(),
                                    .key = key,
                                    .etag = object.etag,
                                    .size = object.size,
                                    .range_size = plan.range_size()};
    DOCUPILOT_TRY(const auto entries, file.open(identity, plan.ranges()));
    const bool resumes = is_pinned && options_.resume;
    for (const auto& entry : entries) {
      if (resumes) plan.recorded(entry.index, entry.crc64nvme);
    }
    DownloadRun run({.store = *store_,
                     .object = object,
                     .file = file,
                     .limit = limit_,
                     .connections = options_.connections,
                     .on_progress = options.on_progress},
                    std::move(plan), context);
    const auto outcome = run.run();
    if (!outcome) {
      if (resumes && run.is_worth_keeping()) file.leave();
      return outcome.error();
    }
    if (!options.sha256.empty()) {
      DOCUPILOT_TRY(const std::string sha256, file.sha256(object.size, context));
      if (sha256 != options.sha256) return not_wanted(key);
    }
    DOCUPILOT_CHECK(file.keep());
    return DownloadResult{.object = std::move(object),
                          .crc64nvme = outcome->crc64nvme,
                          .verified = outcome->verified,
                          .bytes_resumed = outcome->bytes_resumed,
                          .attempts_failed = outcome->attempts_failed};
  }

  const std::shared_ptr<ObjectStore> store_;
  const DownloaderOptions options_;
  RateLimit limit_;
};

Error unusable(std::string_view message, std::string_view hint) {
  return Error(ErrorCode::invalid_argument, std::string(message)).operation("make_downloader").hint(hint);
}

}  // namespace

Result<std::unique_ptr<Downloader>> make_downloader(std::shared_ptr<ObjectStore> store, DownloaderOptions options) {
  if (!store) return unusable("there is no store", "open one first");
  if (options.connections < 1 || options.connections > 64) {
    return unusable("the number of connections is out of range", "choose 1 to 64");
  }
  if (options.range_size < std::uint64_t{64} << 10U || options.range_size > std::uint64_t{1} << 30U) {
    return unusable("the size of the ranges is out of range", "choose 64 KiB to 1 GiB");
  }
  return std::unique_ptr<Downloader>(std::make_unique<StoreDownloader>(std::move(store), options));
}

}  // namespace docupilot::inline v1
