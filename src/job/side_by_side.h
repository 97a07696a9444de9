#pragma once

#include <functional>

#include <docupilot/store/object_store.h>

namespace docupilot::inline v1 {

/// How many documents are worked on at a time unless the caller says: as many as there are processors, at most 8; 16
/// where each waits for a network.
[[nodiscard]] unsigned usual_concurrency(const ObjectStore& store);

/// Calls `work` once with each number below `count`, on up to `threads` threads at a time, and returns when all calls
/// have. Where no more threads are to be had, those that are will do.
void side_by_side(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& work);

}  // namespace docupilot::inline v1
