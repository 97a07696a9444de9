#include "job/side_by_side.h"

#include <atomic>
#include <barrier>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <docupilot/store/memory_store.h>

#include "support/forwarding_store.h"

using namespace docupilot;
using namespace docupilot_test;

namespace {

class RemoteStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  [[nodiscard]] StoreCapabilities capabilities() const override {
    StoreCapabilities all = ForwardingStore::capabilities();
    all.remote = true;
    return all;
  }
};

}  // namespace

TEST_CASE("work side by side is done once for each number, by no more threads than allowed") {
  for (const unsigned threads : {0U, 1U, 3U, 16U}) {
    CAPTURE(threads);
    std::vector<std::atomic<int>> done(1'000);
    std::mutex mutex;
    std::set<std::thread::id> by;
    side_by_side(done.size(), threads, [&](std::size_t i) {
      ++done[i];
      const std::lock_guard lock(mutex);
      by.insert(std::this_thread::get_id());
    });
    for (const auto& count : done) CHECK(count == 1);
    CHECK(by.size() <= std::max(1U, threads));
  }
  side_by_side(0, 4, [](std::size_t) { FAIL("there is nothing to do"); });
}

TEST_CASE("work side by side really is: four calls that wait for each other end") {
  std::barrier all(4);
  side_by_side(4, 4, [&](std::size_t) { all.arrive_and_wait(); });
}

TEST_CASE("what waits for a network is done more at a time than there are processors") {
  const auto local = make_memory_store();
  CHECK(usual_concurrency(*local) <= 8);
  CHECK(usual_concurrency(RemoteStore(make_memory_store())) == 16);
}
