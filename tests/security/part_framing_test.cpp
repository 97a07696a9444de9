#include <doctest/doctest.h>

#include "store/s3_body.h"
#include "strict_s3.h"
#include "support/part_bodies.h"
#include "support/scripted_streams.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)

namespace {

constexpr std::size_t small = 256U << 10U;  // the largest body that is hashed whole

/// How a body of this size has to travel.
std::string mode_of(std::size_t size, bool tls, bool checksums, bool known) {
  const bool trailer = checksums && !known;
  if (tls && !trailer) return "UNSIGNED-PAYLOAD";
  if (size <= small) return "";  // its own hash
  if (tls) return "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
  return trailer ? "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" : "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
}

}  // namespace

TEST_CASE("parts of all sizes are signed and framed as the rules ask, and arrive as they were") {
  for (const bool tls : {false, true}) {
    StrictS3 s3(tls);
    for (const bool checksums : {false, true}) {
      const auto store = s3.open({.checksums = checksums ? S3Checksums::when_supported : S3Checksums::when_required});
      const auto upload = store->begin_multipart("k");
      REQUIRE_MESSAGE(upload, upload.error().to_string());
      for (const bool known : {false, true}) {
        for (const std::size_t size : {std::size_t{0}, std::size_t{1}, small, small + 1, std::size_t{65'536} * 4,
                                       std::size_t{65'536} * 9 + 1, std::size_t{17} << 20U}) {
          CAPTURE(tls);
          CAPTURE(checksums);
          CAPTURE(known);
          CAPTURE(size);
          const std::string bytes = pattern(size);
          const auto body = std::make_shared<ScriptedBody>(bytes);
          body->knows_crc = known;
          body->piece = 100'003;
          const PartReply reply =
              send_part(*store->part_sender(), {.target = target_of(*upload), .number = 1, .body = body});
          REQUIRE_MESSAGE(reply.verdict == PartVerdict::stored, reply.error->to_string());
          CHECK(reply.part.number == 1);
          CHECK(reply.part.size == size);
          CHECK_FALSE(reply.part.etag.empty());
          CHECK(reply.part.crc64nvme == crc64nvme(as_bytes(bytes)));
          CHECK(reply.bytes_sent == size);
          const auto request = s3.server().ledger().snapshot().requests.back();
          const auto seen = s3.check()(request, tls);
          CHECK(seen.wrong == "");
          CHECK(seen.body == bytes);
          const bool knew = known || size == 0;
          const std::string mode = mode_of(size, tls, checksums, knew);
          if (mode.empty()) CHECK(seen.mode == to_hex(sha256(as_bytes(bytes))));
          else CHECK(seen.mode == mode);
          const std::string sum = s3::to_checksum(crc64nvme(as_bytes(bytes)));
          const bool trailer = mode.ends_with("-TRAILER");
          CHECK(request.header("x-amz-checksum-crc64nvme") == (checksums && !trailer ? sum : ""));
          if (trailer) CHECK(seen.trailers.at("x-amz-checksum-crc64nvme") == sum);
        }
      }
    }
    CHECK(s3.refusals() == std::vector<std::string>());
  }
}

TEST_CASE("a body that is in memory goes from there, and its hash is signed where nothing else protects it") {
  for (const bool tls : {false, true}) {
    CAPTURE(tls);
    StrictS3 s3(tls);
    const auto store = s3.open({.checksums = S3Checksums::when_supported});
    const auto upload = store->begin_multipart("k");
    REQUIRE_MESSAGE(upload, upload.error().to_string());
    const std::string bytes = pattern(100'000);
    const auto body = std::make_shared<ScriptedBody>(bytes);
    body->knows_crc = body->gives_whole = true;
    const PartReply reply = send_part(*store->part_sender(), {.target = target_of(*upload), .number = 1, .body = body});
    REQUIRE_MESSAGE(reply.verdict == PartVerdict::stored, reply.error->to_string());
    CHECK(reply.bytes_sent == bytes.size());
    CHECK(reply.part.crc64nvme == crc64nvme(as_bytes(bytes)));
    CHECK(body->reads() == 0);
    const auto request = s3.server().ledger().snapshot().requests.back();
    const auto seen = s3.check()(request, tls);
    CHECK(seen.wrong == "");
    CHECK(seen.body == bytes);
    CHECK(seen.mode == (tls ? "UNSIGNED-PAYLOAD" : to_hex(sha256(as_bytes(bytes)))));
    CHECK(request.header("x-amz-checksum-crc64nvme") == s3::to_checksum(crc64nvme(as_bytes(bytes))));
  }
}

TEST_CASE("a server that takes no signed streams gets small bodies over http, and is sent no large ones") {
  StrictS3 s3(false);
  const auto store = s3.open({.quirks = "gcs-interop", .checksums = S3Checksums::when_required});
  const auto upload = store->begin_multipart("k");
  REQUIRE(upload);
  const auto verdict_of = [&](std::size_t size) {
    PartWaiter waiter;
    const auto body = std::make_shared<ScriptedBody>(pattern(size));
    const PartRequest request{.target = target_of(*upload), .number = 2, .body = body};
    const auto transfer = store->part_sender()->send(request, waiter.done());
    return waiter.wait();
  };
  CHECK(verdict_of(256U << 10U).verdict == PartVerdict::stored);
  const PartReply large = verdict_of((256U << 10U) + 1);
  CHECK(large.verdict == PartVerdict::final);
  CHECK(large.error->code() == ErrorCode::unsupported);
}

TEST_CASE("a body may pause at any point of its frames, and goes on when it is told") {
  for (const bool tls : {false, true}) {
    CAPTURE(tls);
    StrictS3 s3(tls);
    const auto store = s3.open({.checksums = S3Checksums::when_supported});
    const auto upload = store->begin_multipart("k");
    REQUIRE(upload);
    const std::string bytes = pattern(600'000);
    const auto body = std::make_shared<ScriptedBody>(bytes);
    body->pauses = {0, 1, 65'535, 65'536, 65'537, 131'072, 262'144, 300'000, 524'288, 599'999};
    std::mutex mutex;
    std::condition_variable changed;
    int paused = 0;
    body->on_pause = [&] {
      const std::lock_guard lock(mutex);
      ++paused;
      changed.notify_all();
    };
    PartWaiter waiter;
    const auto transfer =
        store->part_sender()->send({.target = target_of(*upload), .number = 1, .body = body}, waiter.done());
    for (int i = 1; i <= 10; ++i) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return paused >= i; });
      lock.unlock();
      transfer->resume();
    }
    const PartReply reply = waiter.wait();
    REQUIRE_MESSAGE(reply.verdict == PartVerdict::stored, reply.error->to_string());
    CHECK(s3.check()(s3.server().ledger().snapshot().requests.back(), tls).body == bytes);
  }
}
