#include "upload/byte_budget.h"

#include <doctest/doctest.h>

#include <atomic>
#include <optional>
#include <thread>

using namespace docupilot;

TEST_CASE("a lease waits until there is room, and what comes back is leased again") {
  ByteBudget budget(100);
  auto first = budget.lease(60, {});
  const std::byte* where = first.bytes().data();
  std::atomic<bool> leased = false;
  std::jthread other([&] {
    const auto second = budget.lease(60, {});
    CHECK(second.bytes().data() == where);
    leased = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK_FALSE(leased);
  first = {};
  other.join();
  CHECK(leased);
}

TEST_CASE("one buffer is always leased, though it is larger than the budget") {
  ByteBudget budget(10);
  const auto lease = budget.lease(100, {});
  CHECK(lease.bytes().size() == 100);
}

TEST_CASE("a buffer may be given back when the budget is gone, as by a sender that lets go of a part late") {
  std::optional<ByteBudget> budget(10);
  auto lease = budget->lease(10, {});
  budget.reset();
  lease.bytes()[0] = std::byte{1};
  lease = {};
  CHECK_FALSE(lease.is_set());
}

TEST_CASE("who waits for a buffer stops when he is told to") {
  ByteBudget budget(10);
  const auto all = budget.lease(10, {});
  std::stop_source stop;
  std::jthread other([&] { CHECK_FALSE(budget.lease(1, stop.get_token()).is_set()); });
  stop.request_stop();
}

TEST_CASE("the budget holds for leased and spare buffers together, from many threads") {
  ByteBudget budget(1000);
  std::atomic<std::int64_t> in_use = 0;
  std::atomic<bool> too_much = false;
  {
    std::vector<std::jthread> threads;
    for (unsigned n = 0; n < 8; ++n) {
      threads.emplace_back([&, n] {
        for (unsigned i = 0; i < 500; ++i) {
          const std::size_t size = 100 + (n * 37 + i * 11) % 300;
          const auto lease = budget.lease(size, {});
          in_use += static_cast<std::int64_t>(size);
          if (in_use > 1000) too_much = true;
          in_use -= static_cast<std::int64_t>(size);
        }
      });
    }
  }
  CHECK_FALSE(too_much);
}
