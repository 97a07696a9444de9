#include "malloc_count.h"

#include <atomic>
#include <cstddef>

namespace {

std::atomic<bool> counting = false;
std::atomic<std::uint64_t> count = 0;

void note() {
  if (counting.load(std::memory_order_relaxed)) count.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

namespace malloc_count {

void start() {
  count = 0;
  counting = true;
}

std::uint64_t stop() {
  counting = false;
  return count;
}

}  // namespace malloc_count

// glibc's own, under the names it keeps for programs that put something before them.
extern "C" {

void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t number, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);

void* malloc(std::size_t size) {
  note();
  return __libc_malloc(size);
}

void* calloc(std::size_t number, std::size_t size) {
  note();
  return __libc_calloc(number, size);
}

void* realloc(void* block, std::size_t size) {
  note();
  return __libc_realloc(block, size);
}

}  // extern "C"
