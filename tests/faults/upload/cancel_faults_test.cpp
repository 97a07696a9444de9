// Rows F42 and F43 of the fault matrix: uploads that are cancelled, wherever they are, also while their server fails.

#include <string>
#include <thread>

#include "faults/upload/thoroughness.h"
#include "faults/upload/upload_fault.h"

using namespace docupilot;
using namespace docupilot_test;
using namespace std::chrono_literals;
using docupilot::testing::Fault;
using docupilot::testing::ProxyScript;
using Place = Fault::Place;
using Steady = std::chrono::steady_clock;

namespace {

/// Cancels what is under way, and looks at what came of it. True when it was cancelled and not done already.
template <class Fault>
bool cancel(Fault& fault, Upload& upload, const std::string& key = "k") {
  const auto began = Steady::now();
  upload.cancel();
  const auto result = upload.wait();
  const Duration took(Steady::now() - began);
  CHECK(took.nanoseconds() <= late_end.nanoseconds());
  fault.proxy().release();
  if (result) {
    CHECK(text_of(fault.direct(), key) == three_parts());
    return false;
  }
  CHECK(code_of(result) == "cancelled");
  CHECK(result.error().target() == key);
  const std::string is = text_of(fault.direct(), key);
  CHECK((is == "[not_found]" || is == three_parts()));
  return true;
}

/// What an abort could not reach, sweep finds. What was done late, by a request that had gone out, may take a moment.
template <class Fault>
bool is_swept(Fault& fault, const std::string& key = "k") {
  for (int i = 0; i < 200; ++i) {
    const auto swept = fault.uploader().sweep({}, false);
    if (swept && fault.uploads(key).empty() && fault.uploader().sweep({}, true)->empty()) return true;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

}  // namespace

FAULT_ROW("F42 cancelled at any request, before it had its effect or behind it: at once, and nothing is left") {
  for (const Unfinished unfinished : {Unfinished::abort, Unfinished::keep_if_resumable}) {
    for (const std::string kind : {"begin", "part 1", "part 2", "part 3", "complete"}) {
      for (const bool had_effect : {false, true}) {
        CAPTURE(kind);
        CAPTURE(had_effect);
        UploadFault<Server> fault;
        if (!fault.is_on()) return;
        const bool bare = kind == "begin";
        const Fault stall =
            had_effect ? Fault::stall(Place::reply, 0) : Fault::stall(Place::request_body, bare ? 0 : 10);
        fault.on(kind, ProxyScript{.faults = {stall}, .server_first = had_effect});
        const auto source = std::shared_ptr<Source>(file_source(fault.file_of(three_parts())).value());
        const auto upload = fault.uploader().start(source, "k", {.unfinished = unfinished});
        REQUIRE(fault.proxy().ledger().wait_until([](const auto& all) { return all.faults_fired() == 1; }));
        CHECK(cancel(fault, *upload));
        if (unfinished == Unfinished::keep_if_resumable && !bare && !(kind == "complete" && had_effect)) {
          fault.upload(three_parts(), {.faults = 0});
        }
        CHECK(is_swept(fault));
      }
    }
  }
}

FAULT_ROW("F42 cancelled at random instants: at once, and nothing is left") {
  Thoroughness how;
  const int times = how.of(1'000);
  UploadFault<Server> fault;
  if (!fault.is_on()) return;
  fault.file_of(three_parts());
  for (int i = 0; i < times; ++i) {
    const auto after = std::chrono::microseconds(how.random() % 150'000);
    CAPTURE(after.count());
    const auto source = std::shared_ptr<Source>(file_source(fault.file_of(three_parts())).value());
    const std::string key = std::to_string(i);  // what is tidied up of one is not in the way of the next
    const auto upload = fault.uploader().start(source, key, {.unfinished = Unfinished::abort});
    std::this_thread::sleep_for(after);
    cancel(fault, *upload, key);
    REQUIRE(is_swept(fault, key));
  }
}

FAULT_ROW("F43 an abort that fails while cancelling holds nobody up, and sweep clears what is left") {
  for (const bool is_slow : {false, true}) {
    UploadFault<Server> fault;
    if (!fault.is_on()) return;
    fault.on("part 3", Fault::stall(Place::reply, 0));
    const ProxyScript stall{.faults = {Fault::stall(Place::reply, 0)}, .withhold = fault.refusal(500, "InternalError")};
    fault.on("abort", is_slow ? stall : ProxyScript{.withhold = fault.refusal(500, "InternalError")}, 3);
    const auto source = std::shared_ptr<Source>(file_source(fault.file_of(three_parts())).value());
    const auto upload = fault.uploader().start(source, "k", {.unfinished = Unfinished::abort});
    REQUIRE(fault.proxy().ledger().wait_until([](const auto& all) { return all.faults_fired() == 1; }));
    const auto began = Steady::now();
    upload->cancel();
    const auto result = upload->wait();
    CHECK(Duration(Steady::now() - began).nanoseconds() <= late_end.nanoseconds());
    CHECK(code_of(result) == "cancelled");
    CHECK(fault.uploads().size() == 1);
    CHECK(fault.fired() >= 2);
    fault.proxy().release();
    fault.new_run();  // as another process does, while this one lives
    CHECK(is_swept(fault));
  }
}
