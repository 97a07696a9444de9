// Rows F37 to F39 and F41 of the fault matrix: processes that die, journals that rot, two at one upload, and forks.

#include <cstdio>
#include <fstream>
#include <string>

#include <docupilot/store/memory_store.h>

#include "faults/upload/thoroughness.h"
#include "faults/upload/upload_fault.h"
#include "support/child_process.h"

using namespace docupilot;
using namespace docupilot_test;
using docupilot::testing::Fault;
using docupilot::testing::ProxyScript;
using Place = Fault::Place;
using Counts = std::vector<std::size_t>;

namespace {

constexpr bool can_fork = !under_thread_sanitizer;  // it ends a child that starts threads

std::string bytes_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// An upload of which two parts are acknowledged, and its journal in one file.
std::string begin_two_parts(UploadFault<MemoryServer>& fault) {
  fault.on("part 3", {.withhold = fault.refusal(403, "AccessDenied")});
  fault.upload(three_parts(), {.code = "permission_denied", .kept = true});
  fault.uploader_options.journal = fault.folder() / "other.db";
  fault.new_run();  // closed, the journal has no log beside it
  return bytes_of(fault.folder() / "uploads.db");
}

}  // namespace

TEST_CASE("F37 killed at any request, before it had its effect or behind it, the next run goes on and ends it") {
  if (!can_fork) return;
  for (const std::string kind : {"begin", "part 1", "part 2", "part 3", "complete"}) {
    for (const bool had_effect : {false, true}) {
      CAPTURE(kind);
      CAPTURE(had_effect);
      UploadFault<MemoryServer> fault({.connections = 1});
      const std::string path = fault.file_of(three_parts());
      const Fault stall = had_effect ? Fault::stall(Place::reply, 0) : Fault::stall(Place::request_body, 0);
      fault.on(kind, ProxyScript{.faults = {stall}, .server_first = had_effect});
      {
        ChildProcess child([&](const ChildProcess::Tell&) {
          S3Options options = fault.options();
          options.transport = http::make_transport();
          const std::shared_ptr<ObjectStore> store = open_s3_store(options).value();
          const auto uploader = make_uploader(store, fault.uploader_options).value();
          const auto source = file_source(path).value();
          static_cast<void>(uploader->upload(*source, "k"));
        });
        REQUIRE(fault.proxy().ledger().wait_until([](const auto& all) { return all.faults_fired() == 1; }));
        child.kill();
      }
      fault.proxy().release();
      const std::size_t before = fault.proxy().ledger().snapshot().requests.size();
      const auto done = fault.upload(three_parts(), {.faults = 0});
      REQUIRE(done);
      // What the server had acknowledged, or stored unheard, is not sent again.
      const std::size_t parts = before < 2 ? 0 : std::min<std::size_t>(3, before - (had_effect ? 1 : 2));
      if (kind != "begin" && kind != "complete") CHECK(done->parts_resumed >= parts);
      if (kind == "complete") CHECK(fault.sent() == Counts{0, 0, 0});
    }
  }
}

TEST_CASE("F38 a journal that is cut, or has a bit flipped, costs parts or an upload, and never skips one wrongly") {
  Thoroughness how;
  UploadFault<MemoryServer> first({.connections = 1});
  std::string journal = begin_two_parts(first);
  REQUIRE(journal.size() > 4'096);
  const int times = std::max(8, how.of(800));
  for (int i = 0; i < times; ++i) {
    std::string damaged = journal;
    const std::size_t at = how.random() % damaged.size();
    CAPTURE(at);
    CAPTURE(i);
    if (i % 3 == 0) damaged.resize(at);
    else damaged[at] = static_cast<char>(damaged[at] ^ (1 << how.random() % 8));
    for (const char* beside : {"-wal", "-shm"})
      std::remove((first.folder() / ("damaged.db" + std::string(beside))).c_str());
    first.folder().write("damaged.db", damaged);
    first.uploader_options.journal = first.folder() / "damaged.db";
    first.new_run();
    const auto source = file_source(first.file_of(three_parts())).value();
    const auto result = first.uploader().upload(*source, "k");
    if (result) {
      CHECK(text_of(first.direct(), "k") == three_parts());
    } else {
      CAPTURE(result.error().to_string());
      CHECK((result.error().code() == ErrorCode::corrupted || result.error().code() == ErrorCode::internal));
    }
    // The next round begins where this one did: its parts are there, whoever took the upload.
    if (first.uploads().empty()) {
      first.uploader_options.journal = first.folder() / "uploads.db";
      std::remove((first.folder() / "uploads.db").c_str());
      first.new_run();
      journal = begin_two_parts(first);
    }
  }
}

TEST_CASE("F39 two at one upload: the second one is told of the conflict, and the first is not harmed") {
  UploadFault<MemoryServer> fault({.connections = 1});
  fault.on("part 2", Fault::stall(Place::reply, 0));
  const std::string path = fault.file_of(three_parts());
  const auto upload = fault.uploader().start(std::shared_ptr<Source>(file_source(path).value()), "k");
  REQUIRE(fault.proxy().ledger().wait_until([](const auto& all) { return all.faults_fired() == 1; }));
  {
    const std::shared_ptr<ObjectStore> same(&fault.store(), [](ObjectStore*) {});
    const auto other = make_uploader(same, fault.uploader_options).value();
    const auto source = file_source(path).value();
    const auto second = other->upload(*source, "k");
    CHECK(code_of(second) == "conflict");
    CHECK(other->sweep({}, true)->empty());
  }
  fault.proxy().release();
  const auto result = upload->wait();
  REQUIRE_MESSAGE(result, result.error().to_string());
  CHECK(fault.sent() == Counts{1, 1, 1});
  CHECK(text_of(fault.direct(), "k") == three_parts());
  CHECK(fault.uploads().empty());
}

TEST_CASE("F41 a child that is forked in the middle of an upload is refused, and the parent's upload goes on") {
  UploadFault<MemoryServer> fault({.connections = 1});
  fault.on("part 2", Fault::stall(Place::reply, 0));
  const std::string path = fault.file_of(three_parts());
  const auto upload = fault.uploader().start(std::shared_ptr<Source>(file_source(path).value()), "k");
  REQUIRE(fault.proxy().ledger().wait_until([](const auto& all) { return all.faults_fired() == 1; }));
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    const auto source = file_source(path).value();
    tell(code_of(fault.uploader().upload(*source, "other")) + ' ');
    tell(code_of(fault.downloader().to_file("k", fault.folder() / "child")));
  });
  CHECK(child.finish() == "unsupported unsupported");
  fault.proxy().release();
  const auto result = upload->wait();
  REQUIRE_MESSAGE(result, result.error().to_string());
  CHECK(fault.sent() == Counts{1, 1, 1});
  CHECK(text_of(fault.direct(), "k") == three_parts());
}

TEST_CASE("F41 a child ends the uploader that it was forked with, and so does the parent") {
  if (!can_fork) return;
  auto uploader = make_uploader(make_memory_store()).value();
  const auto source = memory_source(as_bytes(three_parts()));
  REQUIRE(uploader->upload(*source, "k"));  // its threads run from now on
  ChildProcess child([&](const ChildProcess::Tell& tell) {
    uploader.reset();
    tell("ended");
  });
  CHECK(child.finish() == "ended");
}
