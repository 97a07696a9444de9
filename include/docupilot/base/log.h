#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include <docupilot/base/export.h>

namespace docupilot::inline v1 {

enum class LogLevel { trace, debug, info, warning, error };

/// One thing that happened. The views live for the duration of the call.
struct LogRecord {
  LogLevel level = LogLevel::info;
  std::string_view component;  ///< The folder it comes from: "store", "job", ...
  std::string_view message;    ///< One line, secrets removed.
};

/// One measurement. Names follow OpenMetrics: lower case, unit as suffix, `_total` for counters.
struct MetricRecord {
  enum class Kind { counter, gauge, histogram };
  Kind kind = Kind::counter;
  std::string_view name;   ///< For example "docupilot_ingest_bytes_total".
  double value = 0;        ///< The increment, the level or the observation.
  std::string_view label;  ///< One label of few values, such as the stage; may be empty.
};

/// One finished span of work: a stage of a job, a request.
struct SpanRecord {
  std::string_view name;                ///< For example "job.store".
  std::int64_t start_microseconds = 0;  ///< Since 1970 in UTC.
  std::int64_t duration_microseconds = 0;
  bool failed = false;
};

/// Where a program listens in. Everything is silent by default and an unset hook costs one branch.
/// A hook may be called from any thread, several at a time, never under a lock of this library; it must not throw.
struct Hooks {
  std::function<void(const LogRecord&)> log = {};
  std::function<void(const MetricRecord&)> metric = {};
  std::function<void(const SpanRecord&)> span = {};
  /// Records below this level are not made at all.
  LogLevel minimum_level = LogLevel::info;
};

}  // namespace docupilot::inline v1
