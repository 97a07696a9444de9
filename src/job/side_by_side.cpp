#include "job/side_by_side.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

namespace docupilot::inline v1 {

unsigned usual_concurrency(const ObjectStore& store) {
  return store.capabilities().remote ? 16 : std::clamp(std::thread::hardware_concurrency(), 1U, 8U);
}

void side_by_side(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  const auto run = [&] {
    for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) work(i);
  };
  std::vector<std::jthread> helpers;
  const std::size_t wanted = std::min<std::size_t>(threads, count);
  try {
    while (helpers.size() + 1 < wanted) helpers.emplace_back(run);
  } catch (const std::system_error&) {
  }
  run();
}

}  // namespace docupilot::inline v1
