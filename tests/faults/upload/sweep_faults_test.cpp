// Rows F08 and F09 of the fault matrix at every byte: a part of 64 KiB that is reset on its way up, its request's head
// included, and an object of 64 KiB on its way down.

#include <string>

#include "faults/upload/thoroughness.h"
#include "faults/upload/upload_fault.h"

using namespace docupilot;
using namespace docupilot_test;
using docupilot::testing::Fault;
using docupilot::testing::FaultProxy;
using docupilot::testing::RecordedRequest;
using Place = Fault::Place;

namespace {

constexpr std::uint64_t size = 65'536;
constexpr std::uint64_t at_a_time = 2'048;  // with one server, which remembers all that it saw

/// Every byte, or every so many-th from a random one on.
std::vector<std::uint64_t> places(Thoroughness& how) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t at = how.random() % how.stride(); at <= size; at += how.stride()) all.push_back(at);
  return all;
}

RetryPolicy without_end() {
  return {.attempts = 1'000'000, .transient_base = {}, .throttle_base = {}, .bucket = 1'000'000'000};
}

}  // namespace

FAULT_ROW("F08 a part of 64 KiB that is reset at any of its bytes is whole the next time") {
  Thoroughness how;
  const auto all = places(how);
  const std::string bytes = pattern(part_size + size);
  for (std::size_t begin = 0; begin < all.size(); begin += at_a_time) {
    UploadFault<Server> fault;
    if (!fault.is_on()) return;
    fault.uploader_options.retry = without_end();
    fault.new_run();
    const std::size_t count = std::min<std::size_t>(at_a_time, all.size() - begin);
    for (std::size_t i = begin; i < begin + count; ++i) {
      fault.on("part 2", Fault::reset(Place::request_body, all[i]));
      // The next one is stored, which shows that it was whole; it is told as failed, so that the part goes once more.
      fault.on("part 2", {.replace = fault.refusal(500, "InternalError")});
    }
    fault.begin();
    const auto source = file_source(fault.file_of(bytes)).value();
    const auto result = fault.uploader().upload(*source, "k");
    REQUIRE_MESSAGE(result, result.error().to_string());
    CHECK(result->attempts_failed >= 2 * count);  // a real server may refuse one more, when it has had enough of this
    CHECK(text_of(fault.direct(), "k") == bytes);
    CHECK(fault.uploads().empty());
    CHECK(fault.sent(2).front() == 1);
    std::size_t broken = 0, whole = 0;
    for (const RecordedRequest& request : fault.requests()) {
      if (kind_of(request) != "part 2") continue;
      if (request.server_status == 200) ++whole;
      if (!request.faults_fired.empty()) ++broken;
      CHECK((request.server_status != 200 || request.faults_fired.empty()));
    }
    CHECK(broken <= count);
    CHECK(broken >= count / 2);
    CHECK(whole >= 1);
    if (std::is_same_v<Server, StrictServer>) CHECK(broken == count);
    if (std::is_same_v<Server, StrictServer>) CHECK(whole == count + 1);
  }
}

FAULT_ROW("F08 an upload whose request is reset at any byte of its head succeeds at last") {
  const Server server;
  if (!is_there(server)) return;
  S3Options options = server.options();
  const auto direct = open_s3_store(options).value();
  REQUIRE(direct->create_bucket());
  const std::string bytes = pattern(5'000);
  constexpr std::size_t head = 1'200;  // more than it is: the last ones are reset in the body
  const std::size_t colon = options.endpoint.rfind(':');
  FaultProxy proxy("127.0.0.1", static_cast<std::uint16_t>(std::stoi(options.endpoint.substr(colon + 1))),
                   {.opaque = true});
  // Each attempt has a connection of its own, since the one before it was reset.
  for (std::size_t at = 0; at < head; ++at) proxy.script_connection(at, {Fault::reset(Place::request_body, at)});
  options.endpoint = proxy.url();
  options.transport = http::make_transport();
  const std::shared_ptr<ObjectStore> store = open_s3_store(options).value();
  const auto uploader = make_uploader(store, {.connections = 1, .retry = without_end()}).value();
  const auto result = uploader->upload(*memory_source(as_bytes(bytes)), "k");
  REQUIRE_MESSAGE(result, result.error().to_string());
  CHECK(result->attempts_failed == head);
  CHECK(proxy.ledger().faults_fired() == head);
  CHECK(text_of(*direct, "k") == bytes);
}

FAULT_ROW("F09 a download of 64 KiB that is reset at any of its bytes comes whole") {
  Thoroughness how;
  const auto all = places(how);
  const std::string bytes = pattern(size);
  const TempDir folder(TempDir::in_memory());
  for (std::size_t begin = 0; begin < all.size(); begin += at_a_time) {
    UploadFault<Server> fault({.journal = false});
    if (!fault.is_on()) return;
    REQUIRE(put_text(fault.direct(), "k", bytes));
    const std::size_t count = std::min<std::size_t>(at_a_time, all.size() - begin);
    for (std::size_t i = begin; i < begin + count; ++i) {
      CAPTURE(all[i]);
      fault.on("get", Fault::reset(Place::reply_body, all[i]));
      const auto result = fault.downloader().to_file("k", folder / "target");
      CHECK_MESSAGE(result, result.error().to_string());
      std::ifstream stream(folder / "target", std::ios::binary);
      REQUIRE(std::string(std::istreambuf_iterator<char>(stream), {}) == bytes);
    }
    CHECK(fault.fired() == count);
  }
}
