#include <docupilot/base/cancel.h>

#include <chrono>
#include <limits>

#include <doctest/doctest.h>

using namespace docupilot;
using namespace std::chrono_literals;

TEST_CASE("no deadline never expires") {
  const Deadline none;
  CHECK_FALSE(none.is_set());
  CHECK_FALSE(none.expired());
  CHECK(none.remaining().nanoseconds() == INT64_MAX);
}

TEST_CASE("a deadline in the future has not passed, one of zero or less has") {
  const Deadline far = Deadline::after(1h);
  CHECK(far.is_set());
  CHECK_FALSE(far.expired());
  CHECK(far.remaining() > Duration(59min));
  CHECK(far.remaining() <= Duration(1h));
  for (const Duration length : {Duration(0), Duration(-1), Duration(-1h), Duration(INT64_MIN)}) {
    const Deadline passed = Deadline::after(length);
    CHECK(passed.is_set());
    CHECK(passed.expired());
    CHECK(passed.remaining().nanoseconds() == 0);
  }
  const Deadline longest = Deadline::after(Duration(INT64_MAX));
  CHECK_FALSE(longest.expired());
  CHECK(longest.remaining() > Duration(std::chrono::days(100'000)));
}

TEST_CASE("the earlier of two deadlines counts") {
  const Deadline none;
  const Deadline soon = Deadline::after(1min);
  const Deadline late = Deadline::after(1h);
  CHECK_FALSE(Deadline::earlier(none, none).is_set());
  for (const Deadline chosen : {Deadline::earlier(soon, late), Deadline::earlier(late, soon),
                                Deadline::earlier(soon, none), Deadline::earlier(none, soon)}) {
    CHECK(chosen.remaining() <= Duration(1min));
    CHECK(chosen.remaining() > Duration(50s));
  }
}

TEST_CASE("a context says why a call should end") {
  CHECK(Context().check("work").has_value());
  CHECK(Context{.deadline = Deadline::after(1h)}.check("work").has_value());
  const auto late = Context{.deadline = Deadline::after(0s)}.check("work");
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code() == ErrorCode::timeout);
  CHECK(late.error().operation() == "work");
  std::stop_source stop;
  const Context stoppable{.deadline = Deadline::after(0s), .stop = stop.get_token()};
  CHECK(stoppable.check("work").error().code() == ErrorCode::timeout);
  stop.request_stop();
  CHECK(stoppable.check("work").error().code() == ErrorCode::cancelled);
}
