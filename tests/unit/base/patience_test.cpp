#include "base/patience.h"

#include <doctest/doctest.h>

#include <chrono>

using namespace docupilot;
using namespace std::chrono_literals;

TEST_CASE("patience probes every 1 to 20 s and gives up after 15 minutes without progress") {
  Patience patience({}, Duration(100s));
  CHECK(patience.next_probe(Duration(100s), 0) == Duration(1s));
  CHECK(patience.next_probe(Duration(100s), 0.5) == Duration(10'500ms));
  CHECK(patience.next_probe(Duration(999s), 0) == Duration(1s));
  CHECK_FALSE(patience.next_probe(Duration(999s + 1ns), 0).has_value());
  CHECK_FALSE(patience.next_probe(Duration(990s), 0.9).has_value());
  patience.progressed(Duration(900s));
  CHECK(patience.next_probe(Duration(1799s), 0) == Duration(1s));
  CHECK(patience.next_probe(Duration(900s), 0, Duration(60s)) == Duration(60s));
  CHECK(patience.next_probe(Duration(900s), 0.5, Duration(2s)) == Duration(10'500ms));
  CHECK_FALSE(patience.next_probe(Duration(1741s), 0, Duration(60s)).has_value());
  // An outage of five minutes costs at most 40 probes when they come at the pace they average.
  int probes = 0;
  for (Duration now(900s); now < Duration(1200s); ++probes) {
    now = Duration(now.nanoseconds() + patience.next_probe(now, 0.5).value().nanoseconds());
  }
  CHECK(probes <= 40);
}
