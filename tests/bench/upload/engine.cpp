// Uploads by ObjectStore::put of the S3 store: one object after another, one part after another.

#include "engine.h"

#include <docupilot/store/s3_store.h>
#include <unistd.h>

#include <cstdlib>

namespace {

using namespace docupilot;

std::string value(const char* name) {
  const char* const found = std::getenv(name);
  return found == nullptr ? "" : found;
}

class StoreEngine final : public Engine {
 public:
  explicit StoreEngine(std::unique_ptr<S3Store> store) : store_(std::move(store)) {}

  Result<void> upload(const std::vector<EngineJob>& jobs) override {
    for (const EngineJob& job : jobs) {
      auto source = job.path == "-" ? fd_source(STDIN_FILENO) : file_source(job.path);
      if (!source) return source.error();
      if (const auto put = store_->put(job.key, **source); !put) return put.error();
    }
    return {};
  }

 private:
  const std::unique_ptr<S3Store> store_;
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
  if (options.part_size > 0) settings.part_size = options.part_size;
  settings.single_put = settings.part_size;
  auto store = open_s3_store(std::move(settings));
  if (!store) return store.error();
  return std::unique_ptr<Engine>(std::make_unique<StoreEngine>(*std::move(store)));
}

const char* Engine::description() {
  return R"({"name":"ObjectStore::put","connections":false,"resume":false,"unsigned":false})";
}
