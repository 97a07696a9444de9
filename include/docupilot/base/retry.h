#pragma once

#include <docupilot/base/time.h>

namespace docupilot::inline v1 {

/// How hard a call is tried again. The numbers are those of the AWS SDKs' standard mode (2026 rules): before the first
/// retry it waits a random part of `base`, before each further one of twice as much, at most of `longest_delay`; a
/// server's own hint is kept to instead.
struct RetryPolicy {
  unsigned attempts = 3;                                    ///< In all. 1: never again. Default 3.
  Duration transient_base = Duration::milliseconds(50);     ///< After trouble on the way. Default 50 ms.
  Duration throttle_base = Duration::milliseconds(1'000);   ///< After "slow down". Default 1 s.
  Duration longest_delay = Duration::milliseconds(20'000);  ///< Default 20 s.
  Duration longest_hint = Duration::milliseconds(60'000);   ///< What is kept to of a server's hint. Default 60 s.
  /// Tokens of the bucket that all calls to one endpoint share: a retry takes 14 (5 when throttled), a success gives
  /// back what its last retry took, or 1. Empty: no retry until there are some again. Default 500.
  unsigned bucket = 500;
};

}  // namespace docupilot::inline v1
