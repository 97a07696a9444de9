#pragma once

namespace docupilot_test {

/// Which sanitizer this was built with. Tests with clocks and of many cases allow for how slow it is.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool under_thread_sanitizer = true;
#elif defined(__has_feature)
inline constexpr bool under_thread_sanitizer = __has_feature(thread_sanitizer);
#else
inline constexpr bool under_thread_sanitizer = false;
#endif

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool under_sanitizer = true;
#elif defined(__has_feature)
inline constexpr bool under_sanitizer = under_thread_sanitizer || __has_feature(address_sanitizer);
#else
inline constexpr bool under_sanitizer = under_thread_sanitizer;
#endif

/// How many times longer a test waits before it takes something for lost.
inline constexpr int slowness = under_thread_sanitizer ? 4 : under_sanitizer ? 2 : 1;

}  // namespace docupilot_test
