#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace docupilot_test {

/// Stands between this program and the system's resolver and connect(), which tests/security replaces
/// (network_seam.cpp): names lead where a test says, and what would leave this machine is led to it or refused.
class NetworkSeam {
 public:
  static NetworkSeam& get();

  /// The addresses that a name leads to, one look-up after the other; the last one stays.
  void resolve(const std::string& name, std::deque<std::string> addresses);
  /// Connections to this address end up at 127.0.0.1, at the same port.
  void lead_home(const std::string& address);
  /// Forgets all of it.
  void reset();

  [[nodiscard]] std::size_t lookups() const;
  /// The addresses beyond this machine that somebody wanted to connect to, in order.
  [[nodiscard]] std::vector<std::string> left() const;
  [[nodiscard]] static int curl_set_ups();

  // ---- by the functions that stand in for the system's
  [[nodiscard]] std::string next_address(const std::string& name);
  [[nodiscard]] bool leads_home(const std::string& address);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::deque<std::string>> names_;
  std::set<std::string> homes_;
  std::vector<std::string> left_;
  std::size_t lookups_ = 0;
};

/// Resets the seam at the end of a test.
struct SeamGuard {
  SeamGuard() { NetworkSeam::get().reset(); }
  ~SeamGuard() { NetworkSeam::get().reset(); }
  SeamGuard(const SeamGuard&) = delete;
  SeamGuard& operator=(const SeamGuard&) = delete;
};

}  // namespace docupilot_test
