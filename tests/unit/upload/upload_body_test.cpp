#include "upload/upload_body.h"

#include <docupilot/source/content_hash.h>

#include <doctest/doctest.h>

#include "upload/steady_time.h"

using namespace docupilot;

namespace {

std::unique_ptr<std::byte[]> bytes_of(std::size_t size) { return std::make_unique<std::byte[]>(size); }

}  // namespace

TEST_CASE("a small body in memory may be taken at once, a large one is read") {
  RateLimit rate;
  UploadGate gate{.rate = rate, .on_starved = [] { FAIL("it has bytes"); }};
  MemoryPart small(gate, bytes_of(small_body), small_body);
  const auto whole = small.whole();
  REQUIRE(whole);
  CHECK(whole->size() == small_body);
  CHECK(small.crc64nvme() == crc64nvme(*whole));
  CHECK(small.given() == small_body);
  small.rewind();
  CHECK(small.given() == 0);
  CHECK(small.whole());
  MemoryPart large(gate, bytes_of(small_body + 1), small_body + 1);
  CHECK_FALSE(large.whole());
  CHECK(large.given() == 0);
}

TEST_CASE("a body that may not go, or not all of it at once, is not given whole and has taken nothing of the rate") {
  RateLimit rate;
  UploadGate gate{.rate = rate};
  MemoryPart body(gate, bytes_of(100'000), 100'000);
  gate.paused = true;
  CHECK_FALSE(body.whole());
  CHECK(body.given() == 0);
  gate.paused = false;
  CHECK(body.whole());
  rate.set(Duration::milliseconds(1'000), 200'000);  // which never holds more than 40,000
  body.rewind();
  CHECK_FALSE(body.whole());
  CHECK(body.given() == 0);
  CHECK(rate.take(steady_time(), 40'000).bytes == 40'000);
}
