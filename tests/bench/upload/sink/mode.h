#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sink {

enum class Fault { none, error_500, slow_down_503, reset, stall };

/// How the sink behaves. The four named modes are settings of it; every setting may be given beside the name.
struct Mode {
  std::string name = "fast";
  bool verify = false;       ///< Bodies are read, parsed and checked; else they are thrown away unseen.
  bool anonymous = false;    ///< While verifying: requests without a signature are taken, as the floors send them.
  unsigned delay_ms = 0;     ///< Between a request's end and its answer.
  std::uint64_t rate = 0;    ///< Bytes a second that are read of one connection; 0: as they come.
  double fault_part = 0;     ///< Of the bodies that meet a fault, 0 to 1.
  std::uint64_t seed = 1;    ///< Which of them these are.
  unsigned stall_ms = 2000;  ///< How long a stalled connection is not read before it is reset.
  std::vector<Fault> faults = {Fault::error_500, Fault::slow_down_503, Fault::reset, Fault::stall};

  /// From a query: mode=fast|shaped|faulty|verify, then verify, anonymous, delay_ms, rate, fault_part, seed, stall_ms,
  /// faults=500,503,reset,stall. Nothing for what it does not know.
  [[nodiscard]] static std::optional<Mode> from_query(std::string_view query);

  /// What happens to this try of a body. It depends on its arguments and the seed alone, so that a run can be repeated
  /// whatever the order in which connections are served.
  [[nodiscard]] Fault draw(std::string_view path, int part, int attempt) const;
  /// Behind how much of a body a reset or stall comes, 0 to 1; likewise.
  [[nodiscard]] double place(std::string_view path, int part, int attempt) const;
};

}  // namespace sink
