// Rows F35 and F36 of the fault matrix: disks that are full or fail, under the journal and under a download.

#include <cerrno>
#include <string>

#include "faults/failing_disk.h"
#include "faults/upload/upload_fault.h"

using namespace docupilot;
using namespace docupilot_test;
using Call = FailingDisk::Call;

TEST_CASE("F35, F36 a journal that cannot be written ends the upload before anything it would not know") {
  for (const Call call : {Call::write, Call::sync}) {
    for (const int after : {0, 1, 2, 4, 7, 8, 9, 10, 11, 12}) {
      CAPTURE(static_cast<int>(call));
      CAPTURE(after);
      UploadFault<MemoryServer> fault({.connections = 1});
      const std::string path = fault.file_of(three_parts());
      bool failed = false;
      {
        const FailingDisk disk(call, "uploads.db", call == Call::write ? ENOSPC : EIO, 1'000'000, after);
        const auto source = file_source(path).value();
        const auto result = fault.uploader().upload(*source, "k");
        failed = !result;
        // The journal is tidied up behind a success: that alone may fail without harm.
        CHECK((failed || FailingDisk::fired() == 0 || text_of(fault.direct(), "k") == three_parts()));
        if (failed) {
          CAPTURE(result.error().to_string());
          CHECK(FailingDisk::fired() > 0);
          CHECK((result.error().code() == ErrorCode::exhausted || result.error().code() == ErrorCode::internal ||
                 result.error().code() == ErrorCode::unavailable));
          CHECK_FALSE(result.error().hint().empty());
          CHECK(fault.count("complete") == 0);
          CHECK(text_of(fault.direct(), "k") == "[not_found]");
        }
      }
      // When the disk is well again, the next run brings it whole, and nothing is left.
      fault.new_run();
      if (failed) fault.upload(three_parts(), {.faults = 0});
      REQUIRE(fault.uploader().sweep({}, false));
      CHECK(fault.uploads().empty());
    }
  }
}

TEST_CASE("F36 a sync that fails once is not taken for good the next time: what the journal says is read back") {
  for (int after = 0; after < 12; ++after) {
    CAPTURE(after);
    UploadFault<MemoryServer> fault({.connections = 1});
    const std::string path = fault.file_of(three_parts());
    {
      const FailingDisk disk(Call::sync, "uploads.db", EIO, 1, after);
      const auto source = file_source(path).value();
      const auto result = fault.uploader().upload(*source, "k");
      if (!result) CHECK(FailingDisk::fired() == 1);
      if (!result) CHECK(text_of(fault.direct(), "k") == "[not_found]");
    }
    // The same uploader, whose journal has seen it.
    fault.upload(three_parts(), {.faults = 0, .again = {"part 1", "part 2", "part 3"}});
    REQUIRE(fault.uploader().sweep({}, false));
    CHECK(fault.uploads().empty());
  }
}

TEST_CASE("F35 a disk that fills, or fails, under a download: no target, nothing left, and what is wrong is told") {
  for (const auto& [call, error, code] : {std::tuple{Call::write, ENOSPC, "exhausted"},
                                          {Call::write, EDQUOT, "exhausted"},
                                          {Call::write, EIO, "internal"},
                                          {Call::sync, EIO, "internal"}}) {
    CAPTURE(error);
    UploadFault<MemoryServer> fault({.journal = false});
    REQUIRE(put_text(fault.direct(), "k", three_parts()));
    const TempDir folder;
    folder.write("target", "old");
    const FailingDisk disk(call, folder.path().filename().string(), error, 1'000'000, call == Call::write ? 4 : 0);
    const auto result = fault.downloader().to_file("k", folder / "target");
    CHECK(code_of(result) == code);
    CHECK(FailingDisk::fired() > 0);
    if (!result) CHECK_FALSE(result.error().hint().empty());
    std::ifstream stream(folder / "target");
    CHECK(std::string(std::istreambuf_iterator<char>(stream), {}) == "old");
  }
}
