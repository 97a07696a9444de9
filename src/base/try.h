#pragma once

#include <docupilot/base/result.h>

// Early return of errors, for sources only. DOCUPILOT_TRY(auto x, call()) declares x with the value of a
// Result or returns its error; DOCUPILOT_CHECK(call()) does the same where the value does not matter.
#define DOCUPILOT_JOIN_(a, b) a##b
#define DOCUPILOT_JOIN(a, b) DOCUPILOT_JOIN_(a, b)
#define DOCUPILOT_TRY(declaration, ...) DOCUPILOT_TRY_(DOCUPILOT_JOIN(try_, __LINE__), declaration, __VA_ARGS__)
#define DOCUPILOT_TRY_(name, declaration, ...)                                \
  auto name = (__VA_ARGS__);                                                  \
  if (!name) return ::docupilot::Error(std::move(name).error()); /* NOLINT */ \
  declaration = *std::move(name)
#define DOCUPILOT_CHECK(...)                                                                              \
  do {                                                                                                    \
    if (auto checked_ = (__VA_ARGS__); !checked_) return ::docupilot::Error(std::move(checked_).error()); \
  } while (false)
