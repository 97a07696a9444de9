// Rows F33, F34 and F40 of the fault matrix: sources that change, end or break under an upload, and clocks that jump.

#include <atomic>
#include <filesystem>
#include <string>

#include "faults/upload/upload_fault.h"

using namespace docupilot;
using namespace docupilot_test;
using namespace std::chrono_literals;
using Counts = std::vector<std::size_t>;

namespace {

/// A file whose reads fail from a place on, as those of a dying disk do.
class BrokenDisk final : public Source {
 public:
  BrokenDisk(const std::string& path, std::uint64_t good) : file_(file_source(path).value()), good_(good) {}
  Result<std::size_t> read(MutableByteView into, const Context& context) override { return file_->read(into, context); }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return file_->size(); }
  [[nodiscard]] bool can_rewind() const override { return true; }
  Result<void> rewind() override { return file_->rewind(); }
  Result<std::size_t> read_at(std::uint64_t offset, MutableByteView into) override {
    if (offset + into.size() > good_) return Error(ErrorCode::internal, "Input/output error").hint("look at the disk");
    return file_->read_at(offset, into);
  }
  [[nodiscard]] Result<SourceIdentity> identity() const override { return file_->identity(); }
  [[nodiscard]] std::string name() const override { return file_->name(); }

 private:
  std::unique_ptr<Source> file_;
  std::uint64_t good_;
};

/// The system's clock, and what a test adds to it.
class JumpingClock final : public Clock {
 public:
  std::atomic<std::int64_t> off = 0;  // microseconds
  Timestamp now() override { return {Clock::system().now().microseconds + off}; }
};

}  // namespace

FAULT_ROW("F33 a source that changes between parts is refused, never completed, and kept or aborted as asked") {
  for (const Unfinished unfinished : {Unfinished::keep_if_resumable, Unfinished::abort}) {
    UploadFault<Server> fault({.connections = 1});
    if (!fault.is_on()) return;
    const std::string path = fault.file_of(three_parts());
    fault.on_request = [&](const std::string& kind) {
      if (kind != "part 3") return;
      std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
      file.seekp(1'000);
      file << "changed";
    };
    const bool kept = unfinished == Unfinished::keep_if_resumable;
    fault.upload(three_parts(),
                 {.code = "precondition_failed", .says = "changed while it was read", .faults = 0, .kept = kept},
                 {.unfinished = unfinished});
    CHECK(fault.count("complete") == 0);
    CHECK(fault.count("abort") == (kept ? 0 : 1));
    fault.on_request = {};
    if (!kept) continue;
    // Another run knows it by its times, and does as it is told.
    fault.upload(three_parts(), {.code = "precondition_failed", .faults = 0, .kept = true});
    std::string changed = three_parts();
    changed.replace(1'000, 7, "changed");
    const auto anew = fault.upload(changed, {.faults = 0}, {.when_changed = WhenChanged::restart});
    REQUIRE(anew);
    CHECK(anew->parts_resumed == 0);
  }
}

FAULT_ROW("F34 a file that is cut under an upload ends it, without a signal, and is never completed") {
  UploadFault<Server> fault({.connections = 1});
  if (!fault.is_on()) return;
  const std::string path = fault.file_of(three_parts());
  fault.on_request = [&](const std::string& kind) {
    if (kind == "part 1") std::filesystem::resize_file(path, 6 * mebibyte);
  };
  fault.begin();
  const auto source = file_source(path).value();
  const auto result = fault.uploader().upload(*source, "k");
  REQUIRE_FALSE(result);
  const std::string code = code_of(result);
  CHECK((code == "precondition_failed" || code == "corrupted"));
  CHECK_FALSE(result.error().hint().empty());
  CHECK(fault.count("complete") == 0);
  CHECK(text_of(fault.direct(), "k") == "[not_found]");
}

FAULT_ROW("F34 a read that fails ends the upload with the disk's own error, and what was sent is kept") {
  UploadFault<Server> fault({.connections = 1});
  if (!fault.is_on()) return;
  BrokenDisk broken(fault.file_of(three_parts()), 7 * mebibyte);
  fault.upload(broken, three_parts(), {.code = "internal", .says = "Input/output error", .faults = 0, .kept = true});
  CHECK(fault.count("complete") == 0);
  const auto again = fault.upload(three_parts(), {.faults = 0});
  REQUIRE(again);
  CHECK(again->parts_resumed == 1);
}

FAULT_ROW("F40 a clock that is wrong, or jumps between parts, is corrected and harms nothing") {
  for (const Duration jump : {Duration(1h), Duration(-1h), Duration(87'600h), Duration(-87'600h)}) {
    CAPTURE(jump.seconds());
    for (const bool before : {true, false}) {
      CAPTURE(before);
      // A real server may refuse a part and reset the connection, so that nobody reads why.
      if (!before && !std::is_same_v<Server, StrictServer>) continue;
      JumpingClock clock;
      UploadFault<Server> fault({.tuning = {.clock = &clock}, .connections = 1});
      if (!fault.is_on()) return;
      if (before) clock.off = jump.nanoseconds() / 1000;
      fault.on_request = [&](const std::string& kind) {
        if (kind == "part 1") clock.off = jump.nanoseconds() / 1000;
        if (kind == "part 3") clock.off = 0;
      };
      const auto done = fault.upload(three_parts(), {.faults = 0});
      REQUIRE(done);
      CHECK(done->parts == 3);
    }
  }
}
