#include <docupilot/upload/uploader.h>

#include <doctest/doctest.h>

#include <atomic>
#include <ctime>
#include <fstream>
#include <thread>

#include <docupilot/source/content_hash.h>
#include <docupilot/store/memory_store.h>

#include "sqlite/database.h"
#include "support/object_calls.h"
#include "support/scripted_streams.h"
#include "support/temp_dir.h"
#include "unit/upload/upload_world.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;

/// A stream that gives a text in pieces and cannot go back.
std::unique_ptr<Source> stream_of(std::string text) {
  return callback_source([text = std::move(text), at = std::size_t{0}](MutableByteView into) mutable {
    const std::size_t count = std::min({into.size(), text.size() - at, std::size_t{100'000}});
    std::copy_n(as_bytes(text).data() + at, count, into.data());
    at += count;
    return Result<std::size_t>(count);
  });
}

}  // namespace

TEST_CASE("a source of any size arrives whole, in one request or in parts") {
  for (const bool over_http : {false, true}) {
    CAPTURE(over_http);
    UploadWorld world(over_http);
    const auto uploader = make_uploader(world.store, {.connections = 4, .part_size = 5 * mebibyte}).value();
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, 300'000UL, 5 * mebibyte - 1, 5 * mebibyte, 5 * mebibyte + 1, 17 * mebibyte}) {
      CAPTURE(size);
      const std::string text = pattern(size);
      const auto source = memory_source(as_bytes(text));
      const auto result = uploader->upload(*source, "file", {.put = {.content_type = "text/plain"}});
      REQUIRE_MESSAGE(result, result.error().to_string());
      CHECK(result->object.size == size);
      CHECK(result->crc64nvme == crc64nvme(as_bytes(text)));
      CHECK(result->parts == (size <= 5 * mebibyte ? 0 : (size + 5 * mebibyte - 1) / (5 * mebibyte)));
      CHECK(result->bytes_sent == size);
      CHECK(text_of(*world.store, "file") == text);

      const auto stream = stream_of(text);
      const auto streamed = uploader->upload(*stream, "stream");
      REQUIRE_MESSAGE(streamed, streamed.error().to_string());
      CHECK(streamed->crc64nvme == crc64nvme(as_bytes(text)));
      CHECK(text_of(*world.store, "stream") == text);
    }
    CHECK(world.uploads() == 0);
  }
}

TEST_CASE("an upload that broke off goes on where it was: acknowledged parts are neither sent nor read again") {
  UploadWorld world(true);
  const TempDir folder;
  const std::string text = pattern(22 * mebibyte);
  const std::string path = folder.write("file", text);
  const UploaderOptions options{
      .journal = folder / "uploads.db", .connections = 1, .part_size = 5 * mebibyte, .patience = {}};
  std::vector<std::string> told;
  const auto on_part = [&](const PartProgress& part) {
    CHECK(part.offset == (static_cast<std::uint64_t>(part.number) - 1) * 5 * mebibyte);
    told.push_back(std::to_string(part.number) + (part.attempt == 0 ? " was there" : part.error ? " failed" : " sent"));
  };
  {
    const auto uploader = make_uploader(world.store, options).value();
    world.refuse_part = 3;
    const auto source = file_source(path).value();
    const auto failed = uploader->upload(*source, "k", {.on_part = on_part});
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code() == ErrorCode::permission_denied);
    CHECK(world.uploads() == 1);
  }
  world.refuse_part = 0;
  const auto sent = world.parts_sent();
  const auto uploader = make_uploader(world.store, options).value();
  const auto source = file_source(path).value();
  CHECK(told == std::vector<std::string>{"1 sent", "2 sent", "3 failed"});
  told.clear();
  const auto result = uploader->upload(*source, "k", {.on_part = on_part});
  REQUIRE_MESSAGE(result, result.error().to_string());
  CHECK(told == std::vector<std::string>{"1 was there", "2 was there", "3 sent", "4 sent", "5 sent"});
  CHECK(result->parts == 5);
  CHECK(result->parts_resumed == 2);
  CHECK(result->crc64nvme == crc64nvme(as_bytes(text)));
  CHECK(text_of(*world.store, "k") == text);
  const auto all = world.parts_sent();
  CHECK(std::vector<int>(all.begin() + static_cast<std::ptrdiff_t>(sent.size()), all.end()) ==
        std::vector<int>{3, 4, 5});
  CHECK(uploader->sweep({}, true).value().empty());
}

TEST_CASE("an upload whose completion broke off in the middle begins anew, and leaves nothing") {
  UploadWorld world(true);
  const TempDir folder;
  const std::string text = pattern(12 * mebibyte);
  const std::string path = folder.write("file", text);
  const UploaderOptions options{.journal = folder / "uploads.db", .part_size = 5 * mebibyte, .patience = {}};
  SUBCASE("while the same process is at it") { world.cut_completions = 1; }
  SUBCASE("under a process before this one") {
    world.cut_completions = 1000;
    const auto source = file_source(path).value();
    const auto failed = make_uploader(world.store, options).value()->upload(*source, "k");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code() == ErrorCode::outcome_unknown);
    world.cut_completions = 0;
  }
  const auto uploader = make_uploader(world.store, options).value();
  const auto source = file_source(path).value();
  const auto result = uploader->upload(*source, "k");
  REQUIRE_MESSAGE(result, result.error().to_string());
  CHECK(result->restarts == 1);
  CHECK(text_of(*world.store, "k") == text);
  CHECK(world.uploads() == 0);
  CHECK(uploader->sweep({}, true).value().empty());
}

TEST_CASE("a source that changed since its upload began is refused, or begun anew when that is asked for") {
  UploadWorld world(true);
  const TempDir folder;
  const std::string path = folder.write("file", pattern(12 * mebibyte));
  const auto uploader =
      make_uploader(world.store,
                    {.journal = folder / "uploads.db", .connections = 1, .part_size = 5 * mebibyte, .patience = {}})
          .value();
  world.refuse_part = 2;
  REQUIRE_FALSE(uploader->upload(*file_source(path).value(), "k"));
  world.refuse_part = 0;
  const std::string other = pattern(13 * mebibyte, 7);
  folder.write("file", other);
  const auto refused = uploader->upload(*file_source(path).value(), "k");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::precondition_failed);
  CHECK(world.uploads() == 1);
  const auto anew = uploader->upload(*file_source(path).value(), "k", {.when_changed = WhenChanged::restart});
  REQUIRE_MESSAGE(anew, anew.error().to_string());
  CHECK(anew->parts_resumed == 0);
  CHECK(text_of(*world.store, "k") == other);
  CHECK(world.uploads() == 0);
}

TEST_CASE("a run that cannot reach its upload keeps it for the next one, which may ask for other parts") {
  UploadWorld world(true);
  const TempDir folder;
  const std::string text = pattern(22 * mebibyte);
  const std::string path = folder.write("file", text);
  const auto run = [&](std::uint64_t part_size) {
    const auto uploader =
        make_uploader(world.store,
                      {.journal = folder / "uploads.db", .connections = 1, .part_size = part_size, .patience = {}})
            .value();
    return uploader->upload(*file_source(path).value(), "k");
  };
  world.refuse_part = 3;
  REQUIRE_FALSE(run(5 * mebibyte));
  world.refuse_part = 0;
  world.refuse_lists = true;
  CHECK(code_of(run(5 * mebibyte)) == "permission_denied");
  world.refuse_lists = false;
  const auto result = run(64 * mebibyte);
  REQUIRE_MESSAGE(result, result.error().to_string());
  CHECK(result->parts == 5);
  CHECK(result->parts_resumed == 2);
  CHECK(text_of(*world.store, "k") == text);
  CHECK(world.uploads() == 0);
}

TEST_CASE("what fails without a journal leaves nothing at the store") {
  UploadWorld world(true);
  const std::string text = pattern(12 * mebibyte);
  const auto uploader = make_uploader(world.store, {.part_size = 5 * mebibyte, .patience = {}}).value();
  world.refuse_part = 2;
  CHECK_FALSE(uploader->upload(*memory_source(as_bytes(text)), "k"));
  CHECK(world.uploads() == 0);
}

TEST_CASE("sweep aborts what is left of uploads that nobody is at, and only that") {
  UploadWorld world(true);
  const TempDir folder;
  const std::string path = folder.write("file", pattern(12 * mebibyte));
  const UploaderOptions options{
      .journal = folder / "uploads.db", .connections = 1, .part_size = 5 * mebibyte, .patience = {}};
  const auto uploader = make_uploader(world.store, options).value();
  world.refuse_part = 2;
  REQUIRE_FALSE(uploader->upload(*file_source(path).value(), "k"));
  world.begin_foreign("/bucket/k");
  CHECK(uploader->sweep(std::chrono::hours(1), false).value().empty());
  CHECK(uploader->sweep({}, true).value().size() == 1);
  CHECK(world.uploads() == 2);
  const auto swept = uploader->sweep({}, false).value();
  REQUIRE(swept.size() == 1);
  CHECK_FALSE(swept[0].error);
  CHECK(world.uploads() == 1);
  CHECK(uploader->sweep({}, false).value().empty());
}

TEST_CASE("cancelling ends an upload within 250 ms, whatever it waits for, and leaves nothing") {
  UploadWorld world(true);
  const std::string text = pattern(30 * mebibyte);
  const auto uploader = make_uploader(world.store, {.connections = 2, .part_size = 5 * mebibyte}).value();
  world.stall_part = 3;
  std::stop_source stop;
  const auto upload = uploader->start(std::shared_ptr<Source>(memory_source(as_bytes(text))), "k", {},
                                      {.deadline = {}, .stop = stop.get_token()});
  while (world.parts_sent().size() < 3) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  const auto began = std::chrono::steady_clock::now();
  stop.request_stop();
  const auto result = upload->wait();
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::milliseconds(500));
  REQUIRE_FALSE(result);
  CHECK(result.error().code() == ErrorCode::cancelled);
  CHECK(world.uploads() == 0);
}

TEST_CASE("a paused upload sends nothing until it goes on") {
  UploadWorld world(false);
  const std::string text = pattern(40 * mebibyte);
  const auto uploader = make_uploader(world.store, {.connections = 2, .part_size = 5 * mebibyte}).value();
  uploader->limit_rate(4 * mebibyte);
  const auto upload = uploader->start(std::shared_ptr<Source>(memory_source(as_bytes(text))), "k");
  upload->pause();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  uploader->limit_rate(0);
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  CHECK_FALSE(upload->ended());
  CHECK(upload->progress().paused);
  upload->resume();
  const auto result = upload->wait();
  REQUIRE_MESSAGE(result, result.error().to_string());
  CHECK(text_of(*world.store, "k") == text);
}

TEST_CASE("connections are opened while the server begins an upload, and serve its parts") {
  UploadWorld world(true);
  world.think = true;
  const std::string text = pattern(12 * mebibyte);
  const auto uploader = make_uploader(world.store, {.connections = 8, .part_size = 5 * mebibyte}).value();
  const auto upload = uploader->start(std::shared_ptr<Source>(memory_source(as_bytes(text))), "k");
  world.wait_for_connections(4);  // for the beginning, and for each part
  CHECK(world.parts_sent().empty());
  const auto result = upload->wait();
  REQUIRE_MESSAGE(result, result.error().to_string());
  CHECK(text_of(*world.store, "k") == text);
  CHECK(world.connections() == 4);
}

TEST_CASE("a paused upload costs nothing, and leaves its turn to others") {
  UploadWorld world(true);
  const std::string text = pattern(12 * mebibyte);
  const auto uploader = make_uploader(world.store, {.connections = 1, .part_size = 5 * mebibyte}).value();
  world.stall_part = 1;
  const auto upload = uploader->start(std::shared_ptr<Source>(memory_source(as_bytes(text))), "k");
  world.wait_for_stall();
  upload->pause();
  world.stall_part = 0;
  world.release();
  const auto other = uploader->upload(*memory_source(as_bytes(text)), "other");
  REQUIRE_MESSAGE(other, other.error().to_string());
  CHECK_FALSE(upload->ended());
  const std::clock_t before = std::clock();
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  CHECK(std::clock() - before < CLOCKS_PER_SEC / 5);
  upload->resume();
  const auto result = upload->wait();
  REQUIRE_MESSAGE(result, result.error().to_string());
  CHECK(text_of(*world.store, "k") == text);
}

TEST_CASE("a rate is kept to, and can be changed meanwhile") {
  UploadWorld world(true);
  const std::string text = pattern(12 * mebibyte);
  const auto uploader =
      make_uploader(world.store, {.part_size = 5 * mebibyte, .bytes_per_second = 8 * mebibyte}).value();
  const auto began = std::chrono::steady_clock::now();
  const auto upload = uploader->start(std::shared_ptr<Source>(memory_source(as_bytes(text))), "k");
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  CHECK_FALSE(upload->ended());
  uploader->limit_rate(0);
  REQUIRE(upload->wait());
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(60));
  CHECK(text_of(*world.store, "k") == text);
}

TEST_CASE("many files go side by side, and one that is not there holds up no other") {
  for (const bool over_http : {false, true}) {
    UploadWorld world(over_http);
    const TempDir folder;
    std::vector<UploadItem> items;
    for (int i = 0; i < 300; ++i) {
      const std::string name = std::to_string(i);
      if (i != 77) folder.write(name, pattern(static_cast<std::size_t>(i) * 50, 3));
      items.push_back({.path = folder / name, .key = name});
    }
    const auto uploader = make_uploader(world.store, {}).value();
    std::vector<int> ended(300);
    std::uint64_t reported = 0;
    const std::size_t failed = uploader->upload_many(
        items,
        [&](std::size_t index, Result<UploadResult> result) {
          ++ended[index];
          CHECK(code_of(result) == (index == 77 ? "not_found" : "ok"));
        },
        [&](const TransferProgress& progress) { reported = progress.parts_done; });
    CHECK(failed == 1);
    CHECK(reported == 300);
    for (const int times : ended) CHECK(times == 1);
    CHECK(text_of(*world.store, "299") == pattern(299 * 50, 3));
  }
}

TEST_CASE("trouble on the way is tried again, and counted") {
  UploadWorld world(true);
  const std::string text = pattern(12 * mebibyte);
  const auto uploader = make_uploader(world.store, {.part_size = 5 * mebibyte}).value();
  world.fail_times = 2;
  const auto result = uploader->upload(*memory_source(as_bytes(text)), "k");
  REQUIRE_MESSAGE(result, result.error().to_string());
  CHECK(result->attempts_failed == 2);
  CHECK(text_of(*world.store, "k") == text);
}

TEST_CASE("a conditional whole whose reply was lost is known again, and somebody else's is not taken for it") {
  UploadWorld world(true);
  const std::string text = pattern(3000);
  const auto uploader = make_uploader(world.store, {}).value();
  world.lose_puts = 1;
  const auto ours = uploader->upload(*memory_source(as_bytes(text)), "k", {.put = {.if_absent = true}});
  REQUIRE_MESSAGE(ours, ours.error().to_string());
  CHECK(ours->attempts_failed == 2);
  CHECK(ours->object.size == 3000);

  world.keep_foreign("/bucket/other", text);
  world.lose_puts = 1;
  const auto theirs = uploader->upload(*memory_source(as_bytes(text)), "other", {.put = {.if_absent = true}});
  CHECK(code_of(theirs) == "already_exists");
}

TEST_CASE("an upload whose journal cannot be written fails before it completes") {
  UploadWorld world(true);
  const TempDir folder;
  const std::string path = folder.write("file", pattern(22 * mebibyte));
  const std::string journal = folder / "uploads.db";
  const auto uploader =
      make_uploader(world.store, {.journal = journal, .connections = 1, .part_size = 5 * mebibyte}).value();
  world.stall_part = 2;
  const auto upload = uploader->start(std::shared_ptr<Source>(file_source(path).value()), "k");
  world.wait_for_stall();
  const auto database = sqlite::Connection::open({.path = journal}).value();
  REQUIRE(database->prepare("CREATE TRIGGER breaks BEFORE INSERT ON parts BEGIN SELECT RAISE(ABORT, 'broken'); END")
              .value()
              .run());
  world.stall_part = 0;
  world.release();
  const auto result = upload->wait();
  REQUIRE_FALSE(result);
  CHECK_MESSAGE(result.error().to_string().find("broken") != std::string::npos, result.error().to_string());
  CHECK(code_of(world.store->head("k")) == "not_found");
}

TEST_CASE("options that cannot be right are refused, on both sides of each limit") {
  const std::shared_ptr<ObjectStore> store = make_memory_store();
  const auto code = [&](UploaderOptions options) { return code_of(make_uploader(store, std::move(options))); };
  CHECK(code({.memory = 16 * mebibyte}) == "ok");
  CHECK(code({.memory = 16 * mebibyte - 1}) == "invalid_argument");
  CHECK(code({.connections = 1}) == "ok");
  CHECK(code({.memory = 256 * mebibyte, .connections = 256}) == "ok");
  CHECK(code({.memory = 255 * mebibyte, .connections = 256}) == "invalid_argument");
  CHECK(code({.connections = 0}) == "invalid_argument");
  CHECK(code({.memory = 300 * mebibyte, .connections = 257}) == "invalid_argument");
  CHECK(code({.part_size = 5 * mebibyte}) == "ok");
  CHECK(code({.part_size = 5 * mebibyte - 1}) == "invalid_argument");
  CHECK(code({.part_size = 5 * 1024 * mebibyte}) == "ok");
  CHECK(code({.part_size = 5 * 1024 * mebibyte + 1}) == "invalid_argument");
  CHECK(code({.patience = Duration(-1)}) == "invalid_argument");
}
