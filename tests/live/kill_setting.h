#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "live/other_process.h"
#include "live/s3_live.h"
#include "support/temp_dir.h"

namespace docupilot_test {

/// What tests that kill or cancel have in common: a count, chance that can be repeated, files, and a proxy that counts.
/// DOCUPILOT_TEST_KILLS says how often to kill (100), DOCUPILOT_TEST_SEED with which chance (a new one each time).
class KillSetting {
 public:
  explicit KillSetting(docupilot::S3Options options) : options_(std::move(options)) { store_ = fresh_bucket(options_); }

  [[nodiscard]] static int wanted_kills() {
    const std::string text = environment("DOCUPILOT_TEST_KILLS");
    return text.empty() ? 100 : std::stoi(text);
  }
  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] std::mt19937_64& chance() { return chance_; }
  [[nodiscard]] const TempDir& folder() const { return folder_; }
  [[nodiscard]] const std::string& bucket() const { return options_.bucket; }
  [[nodiscard]] docupilot::S3Store& store() { return *store_; }

  [[nodiscard]] std::string random_bytes(std::size_t size) {
    std::string bytes(size + sizeof(std::uint64_t), '\0');
    std::mt19937_64 engine(chance_());
    for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
      const std::uint64_t eight = engine();
      std::memcpy(bytes.data() + at, &eight, sizeof eight);
    }
    bytes.resize(size);
    return bytes;
  }

  /// The end of what other processes said.
  [[nodiscard]] std::string said() const {
    std::ifstream file(folder_ / "said", std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(file), {}};
    return all.substr(all.size() - std::min<std::size_t>(all.size(), 2000));
  }
  /// The bucket through a proxy of its own, over TLS where there is an authority. The proxy keeps no bodies.
  struct Way {
    std::unique_ptr<docupilot::testing::FaultProxy> proxy;
    docupilot::S3Options options;
    std::string query;

    [[nodiscard]] std::string to(const std::string& key) const { return "s3://" + options.bucket + '/' + key + query; }
    [[nodiscard]] docupilot::testing::Record record() const { return proxy->ledger().snapshot(); }
    /// Waits until the connections of a process that is dead have come to their end, so that the record is final.
    [[nodiscard]] bool settle() const {
      const auto none_open = [](const docupilot::testing::Record& record) {
        return std::ranges::none_of(record.connections, [](const docupilot::testing::RecordedConnection& connection) {
          return connection.ending == docupilot::testing::RecordedConnection::Ending::open;
        });
      };
      return proxy->ledger().wait_until(none_open, std::chrono::seconds(60));
    }
  };
  [[nodiscard]] Way way(const docupilot::testing::TestAuthority* authority) const {
    Way way{.options = options_};
    std::optional<docupilot::testing::ServerTls> tls;
    if (authority != nullptr) tls = authority->server();
    way.proxy = proxy_before(options_.endpoint, {.body_limit = 0, .tls = std::move(tls)});
    way.options.endpoint = way.proxy->url();
    way.query = "?region=us-east-1&endpoint=" + way.options.endpoint;
    if (authority == nullptr) return way;
    way.query += "&checksums=when_supported&ca_file=" + authority->root_file();
    way.options.transport = docupilot::http::make_transport({.tls = {.ca_file = authority->root_file()}});
    return way;
  }

  /// A part of `whole`, evenly by chance.
  [[nodiscard]] std::chrono::nanoseconds instant(std::chrono::nanoseconds whole) {
    return std::chrono::nanoseconds(std::uniform_int_distribution<std::int64_t>(0, whole.count())(chance_));
  }

  /// Credentials, and nothing else that would lead elsewhere.
  [[nodiscard]] std::vector<std::string> surroundings() const {
    return {
        "AWS_ACCESS_KEY_ID=docupilot", "AWS_SECRET_ACCESS_KEY=docupilot-test-secret", "AWS_EC2_METADATA_DISABLED=true",
        "AWS_CONFIG_FILE=/dev/null",   "AWS_SHARED_CREDENTIALS_FILE=/dev/null",       "HOME=" + folder_.path().string(),
        "PATH=/usr/bin:/bin"};
  }

 private:
  static std::uint64_t seed_of_run() {
    const std::string text = environment("DOCUPILOT_TEST_SEED");
    return text.empty() ? std::random_device()() : std::stoull(text);
  }

  const docupilot::S3Options options_;
  const std::uint64_t seed_ = seed_of_run();
  std::mt19937_64 chance_{seed_};
  TempDir folder_;
  std::unique_ptr<docupilot::S3Store> store_;
};

}  // namespace docupilot_test
