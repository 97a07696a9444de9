#pragma once

namespace docupilot_test {

/// What looking up a name below faults.test gives in this program: this machine, after some failures. Its source
/// replaces the C library's getaddrinfo, which other names still go to. Any thread.
class NameService {
 public:
  /// The next so many look-ups fail as when no name server answers.
  static void fail(int times);
  /// How many there were since then.
  [[nodiscard]] static int lookups();
};

}  // namespace docupilot_test
