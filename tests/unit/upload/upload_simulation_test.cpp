#include "unit/upload/upload_simulation.h"

#include <doctest/doctest.h>

#include "support/sanitizer.h"

#include <cstdlib>

using namespace docupilot_test;

namespace {

// A sanitizer makes each of them ten times as slow.
constexpr std::uint64_t schedules = under_sanitizer ? 5'000 : 100'000;

}  // namespace

TEST_CASE("random uploads are right whatever goes wrong; DOCUPILOT_SEED=n replays one of them") {
  SimulationCounts counts;
  if (const char* seed = std::getenv("DOCUPILOT_SEED")) {
    const std::string wrong = UploadSimulation(std::strtoull(seed, nullptr, 10), true, counts).run();
    CHECK_MESSAGE(wrong.empty(), wrong);
    return;
  }
  unsigned failures = 0;
  for (std::uint64_t seed = 1; seed <= schedules && failures < 5; ++seed) {
    const std::string wrong = UploadSimulation(seed, false, counts).run();
    failures += wrong.empty() ? 0 : 1;
    CHECK_MESSAGE(wrong.empty(), "DOCUPILOT_SEED=", seed, ": ", wrong);
  }
  // Each trouble was met, and each way to an end was gone.
  for (std::size_t i = 0; i < troubles; ++i) CHECK_MESSAGE(counts.met[i] >= 10, "trouble ", i, ": ", counts.met[i]);
  CHECK(counts.succeeded >= schedules / 4);
  CHECK(counts.failed >= schedules / 10);
  for (const std::uint64_t count :
       {counts.resumed, counts.resumed_completing, counts.restarted, counts.looked_ours, counts.gave_up, counts.left,
        counts.unknown, counts.probes, counts.rounds, counts.calm, counts.streams}) {
    CHECK(count >= 10);
  }
  MESSAGE(schedules, " uploads, ", counts.events, " events: ", counts.succeeded, " succeeded, ", counts.failed,
          " failed, ", counts.restarted, " began anew, ", counts.resumed + counts.resumed_completing, " resumed, ",
          counts.looked_ours, " found to be ours by a look, ", counts.gave_up, " lost patience, ", counts.unknown,
          " unknown, ", counts.left, " left");
}
