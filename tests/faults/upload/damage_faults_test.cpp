// Rows F29 and F30 of the fault matrix: bits that flip on the way, of uploads and downloads, over plain HTTP.

#include <string>

#include "faults/upload/thoroughness.h"
#include "faults/upload/upload_fault.h"

using namespace docupilot;
using namespace docupilot_test;
using docupilot::testing::Fault;
using docupilot::testing::RecordedRequest;
using Place = Fault::Place;
using Counts = std::vector<std::size_t>;

namespace {

constexpr int flips = 2'500;    // of each of the four kinds below
constexpr int at_a_time = 250;  // with one server, which remembers all that it saw

Fault random_flip(std::mt19937_64& random, Place place, std::size_t size) {
  const std::uint64_t bit = random() % (size * 8);
  return Fault::flip(place, bit / 8, static_cast<unsigned>(bit % 8));
}

/// Goes through `count` of something, so many with a setting of its own.
template <class Some>
void in_portions(int count, Some some) {
  for (; count > 0; count -= at_a_time) some(std::min(count, at_a_time));
}

template <class Fault>
void try_without_end(Fault& fault) {
  fault.uploader_options.retry.attempts = 100'000;
  fault.uploader_options.retry.bucket = 1'000'000'000;
  fault.uploader_options.retry.transient_base = {};
  fault.new_run();
}

}  // namespace

FAULT_ROW("F29 a bit that flips in a part is found by the server, and the part sent again") {
  for (const auto checksums : {S3Checksums::when_required, S3Checksums::when_supported}) {
    UploadFault<Server> fault({.checksums = checksums});
    if (!fault.is_on()) return;
    fault.on("part 1", Fault::flip(Place::request_body, 1'234'567, 3));
    fault.on("part 3", Fault::flip(Place::request_body, 100, 0));
    fault.upload(three_parts(), {.faults = 2, .attempts_failed = 2});
    CHECK(fault.sent() == Counts{2, 1, 2});
  }
}

FAULT_ROW("F29 a bit that flips each time is told as corrupted, and there is no object") {
  UploadFault<Server> fault({.checksums = S3Checksums::when_supported, .journal = false});
  if (!fault.is_on()) return;
  const std::string bytes = pattern(100'000);
  const auto source = memory_source(as_bytes(bytes));
  fault.on("whole", Fault::flip(Place::request_body, 50'000), 3);
  fault.upload(*source, bytes, {.code = "corrupted", .says = "it was tried 3 times", .faults = 3, .retryable = true});
  CHECK(text_of(fault.direct(), "k") == "[not_found]");
}

FAULT_ROW("F29 any bit that flips in an object of one request is caught") {
  Thoroughness how;
  in_portions(how.of(flips), [&](int count) {
    UploadFault<Server> fault({.checksums = S3Checksums::when_supported, .journal = false});
    if (!fault.is_on()) return;
    try_without_end(fault);
    for (int i = 0; i < count; ++i) {
      // One in ten goes in signed chunks: what flips may be their frames.
      const std::string bytes = pattern(i % 10 == 9 ? 300'000 : 9'000, static_cast<unsigned>(i) + 1);
      const Fault flip = random_flip(how.random, Place::request_body, bytes.size());
      CAPTURE(flip.at);
      CAPTURE(flip.bit);
      fault.on("whole", flip);
      const auto source = memory_source(as_bytes(bytes));
      const auto result = fault.uploader().upload(*source, "k", {}, fault.context());
      CHECK_MESSAGE(result, result.error().to_string());
      if (result) CHECK(result->attempts_failed == 1);
      REQUIRE(text_of(fault.direct(), "k") == bytes);
    }
    CHECK(fault.fired() == static_cast<std::size_t>(count));
  });
}

FAULT_ROW("F29 any bit that flips in a part of 64 KiB is caught") {
  Thoroughness how;
  const std::string bytes = pattern(part_size + 65'536);
  in_portions(how.of(flips), [&](int count) {
    UploadFault<Server> fault({.checksums = S3Checksums::when_supported});
    if (!fault.is_on()) return;
    try_without_end(fault);
    for (int i = 0; i < count; ++i) fault.on("part 2", random_flip(how.random, Place::request_body, 65'536));
    const auto tries = static_cast<std::size_t>(count);
    fault.upload(bytes, {.faults = tries, .attempts_failed = static_cast<unsigned>(count)});
    CHECK(fault.sent(2) == Counts{1, tries + 1});
    for (const RecordedRequest& request : fault.requests()) {
      if (!request.faults_fired.empty()) CHECK(request.server_status >= 400);
    }
  });
}

FAULT_ROW("F30 a bit that flips in a download: the object is fetched again, and what came wrong is nowhere") {
  UploadFault<Server> fault({.checksums = S3Checksums::when_supported, .journal = false});
  if (!fault.is_on()) return;
  const auto source = memory_source(as_bytes(three_parts()));
  fault.upload(*source, three_parts(), {.faults = 0});
  fault.on("get", Fault::flip(Place::reply_body, 1'000'000, 7), 1, 3);
  const auto good = fault.download({.attempts_failed = 1});
  REQUIRE(good);
  CHECK(good->verified);
  fault.on("get", Fault::flip(Place::reply_body, 1'000'000, 7), 22);
  fault.download({.code = "corrupted", .says = "twice, are not those that were stored", .faults = 22});
}

FAULT_ROW("F30 any bit that flips in a download is caught") {
  Thoroughness how;
  in_portions(how.of(2 * flips), [&](int count) {
    UploadFault<Server> fault({.checksums = S3Checksums::when_supported, .journal = false});
    if (!fault.is_on()) return;
    const TempDir folder(TempDir::in_memory());
    const std::string bytes = pattern(65'536);
    const auto source = memory_source(as_bytes(bytes));
    REQUIRE(fault.uploader().upload(*source, "k"));
    for (int i = 0; i < count; ++i) {
      const Fault flip = random_flip(how.random, Place::reply_body, bytes.size());
      CAPTURE(flip.at);
      CAPTURE(flip.bit);
      fault.on("get", flip);
      const auto result = fault.downloader().to_file("k", folder / "target");
      CHECK_MESSAGE(result, result.error().to_string());
      std::ifstream stream(folder / "target", std::ios::binary);
      REQUIRE(std::string(std::istreambuf_iterator<char>(stream), {}) == bytes);
    }
    CHECK(fault.fired() == static_cast<std::size_t>(count));
  });
}
