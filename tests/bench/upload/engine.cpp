// Uploads by the Uploader over the S3 store.

#include "engine.h"

#include <docupilot/store/s3_store.h>
#include <docupilot/upload/uploader.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

namespace {

using namespace docupilot;

std::string value(const char* name) {
  const char* const found = std::getenv(name);
  return found == nullptr ? "" : found;
}

class UploaderEngine final : public Engine {
 public:
  explicit UploaderEngine(std::unique_ptr<Uploader> uploader) : uploader_(std::move(uploader)) {}

  Result<void> upload(const std::vector<EngineJob>& jobs) override {
    if (jobs.size() == 1) return upload_one(jobs.front());
    std::vector<UploadItem> items;
    for (const EngineJob& job : jobs) items.push_back({.path = job.path, .key = job.key});
    std::optional<Error> first;
    uploader_->upload_many(std::move(items), [&](std::size_t, Result<UploadResult> result) {
      if (!result && !first) first = result.error();
    });
    if (first) return *std::move(first);
    return {};
  }

 private:
  Result<void> upload_one(const EngineJob& job) {
    auto source = job.path == "-" ? fd_source(STDIN_FILENO) : file_source(job.path);
    if (!source) return source.error();
    if (const auto uploaded = uploader_->upload(**source, job.key); !uploaded) return uploaded.error();
    return {};
  }

  const std::unique_ptr<Uploader> uploader_;
};

}  // namespace

docupilot::Result<std::unique_ptr<Engine>> Engine::make(const EngineOptions& options) {
  http::Credentials credentials;
  credentials.access_key_id = value("AWS_ACCESS_KEY_ID");
  credentials.secret_access_key = Secret(value("AWS_SECRET_ACCESS_KEY"));
  S3Options settings;
  settings.bucket = options.bucket;
  settings.region = "us-east-1";
  settings.endpoint = options.endpoint;
  settings.checksums = options.checksums ? S3Checksums::when_supported : S3Checksums::when_required;
  settings.credentials = http::static_credentials(std::move(credentials));
  settings.network.tls.ca_file = options.ca_file;
  settings.insecure_unsigned_payload = !options.sign_payload;
  auto store = open_s3_store(std::move(settings));
  if (!store) return store.error();
  UploaderOptions uploading{
      .connections = options.connections, .most_connections = options.most_connections, .part_size = options.part_size};
  if (!options.journal.empty()) uploading.journal = options.journal + "/uploads.db";
  if (options.memory > 0) uploading.memory = options.memory;
  auto uploader = make_uploader(*std::move(store), std::move(uploading));
  if (!uploader) return uploader.error();
  return std::unique_ptr<Engine>(std::make_unique<UploaderEngine>(*std::move(uploader)));
}

const char* Engine::description() { return R"({"name":"Uploader","connections":true,"resume":true,"unsigned":true})"; }
