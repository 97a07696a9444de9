#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include <docupilot/upload/uploader.h>

#include "live/kill_setting.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)
using Milliseconds = std::chrono::duration<double, std::milli>;

namespace {

constexpr int cancels = 200;

std::size_t entries_of(const char* folder) {
  return static_cast<std::size_t>(std::ranges::distance(std::filesystem::directory_iterator(folder)));
}

}  // namespace

TYPE_TO_STRING(MinioServer);
TYPE_TO_STRING(VersitygwServer);
#define SERVERS MinioServer, VersitygwServer

TEST_CASE_TEMPLATE("an upload that is cancelled at any instant ends within 250 ms and leaks nothing", Server, SERVERS) {
  if (Server::options().endpoint.empty()) return;
  KillSetting setting(Server::options());
  MESSAGE("seed " << setting.seed());
  const std::string path = setting.folder().write("source", setting.random_bytes(std::size_t{41} << 20U));
  const std::string journal = setting.folder() / "journal";
  const std::size_t threads = entries_of("/proc/self/task");
  const std::size_t files = entries_of("/proc/self/fd");
  const auto uploader_here = [&] {
    S3Options options = Server::options();
    options.bucket = setting.bucket();
    return make_uploader(opened(options), {.journal = journal, .part_size = std::uint64_t{5} << 20U});
  };
  std::vector<double> took;
  int cancelled = 0;
  {
    auto uploader = uploader_here();
    REQUIRE(uploader);
    const auto upload = [&](int number) {
      // Every other one is a stream, of which nothing can be kept.
      std::shared_ptr<Source> source = file_source(path).value();
      if (number % 2 != 0) {
        source = callback_source([file = source](MutableByteView into) { return file->read(into, {}); });
      }
      return (*uploader)->start(std::move(source), "key" + std::to_string(number));
    };
    const auto begun = std::chrono::steady_clock::now();
    REQUIRE(upload(0)->wait());
    const std::chrono::nanoseconds whole = std::chrono::steady_clock::now() - begun;
    for (int number = 1; number <= cancels; ++number) {
      const auto one = upload(number);
      std::this_thread::sleep_for(setting.instant(whole));
      const auto asked = std::chrono::steady_clock::now();
      one->cancel();
      const auto result = one->wait();
      took.push_back(Milliseconds(std::chrono::steady_clock::now() - asked).count());
      if (!result) CHECK_MESSAGE(result.error().code() == ErrorCode::cancelled, result.error().to_string());
      cancelled += result ? 0 : 1;
      if (result) CHECK(setting.store().remove(result->object.key));  // none of them is needed any more
    }
  }
  {
    // What was cancelled is told before all of it is tidied up; with the uploader gone it is.
    auto uploader = uploader_here();
    REQUIRE(uploader);
    const auto swept = (*uploader)->sweep(Duration(), false);
    REQUIRE_MESSAGE(swept, swept.error().to_string());
    for (const SweptUpload& one : *swept) CHECK_MESSAGE(!one.error, one.upload.key, ": ", one.error->to_string());
    std::string left;
    for (const MultipartUpload& one : setting.store().list_multipart().value()) {
      const bool known = std::ranges::any_of(*swept, [&](const SweptUpload& two) { return two.upload.key == one.key; });
      left += ' ' + one.key + (known ? " (swept)" : " (unknown to the journal)");
    }
    CHECK_MESSAGE(left.empty(), "left after a sweep of ", swept->size(), ":", left);
  }
  std::ranges::sort(took);
  MESSAGE(cancelled << " of " << cancels << " were cancelled before their end; it took " << took[cancels / 2]
                    << " ms at the median, " << took[cancels * 99 / 100 - 1] << " ms at p99, " << took.back()
                    << " ms at most");
  CHECK(cancelled > cancels / 4);
  CHECK(took[cancels * 99 / 100 - 1] <= 250);
  CHECK(entries_of("/proc/self/task") == threads);
  CHECK(entries_of("/proc/self/fd") == files);
}
