#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <docupilot/testing/fault.h>

namespace docupilot::inline v1::testing {

/// Counts the bytes of one direction of one message, and knows how many may pass before the next fault is due.
class FaultGate {
 public:
  /// `faults` in any order; those at the same byte act in the order given, flips last. All count from this gate's
  /// first byte, whatever their place.
  explicit FaultGate(const std::vector<Fault>& faults = {});

  /// The fault that is to act now, each once; null when the next byte may pass. Does not return flips: `pass` does
  /// them.
  [[nodiscard]] const Fault* due();
  /// How many bytes may pass now. At least 1 after `due` returned null.
  [[nodiscard]] std::uint64_t allowance() const;
  /// Lets `bytes` pass, no more than allowed; flips what is to be flipped. `flipped` gets each flip that acted.
  void pass(std::string& bytes, std::vector<Fault>& flipped);
  /// For how long to wait, now that bytes have passed: the pace of a drip. Says so once.
  [[nodiscard]] std::chrono::milliseconds take_pause();
  /// Whether a fault of that action is still to come.
  [[nodiscard]] bool awaits(Fault::Action action) const;

 private:
  std::vector<Fault> faults_;  // sorted by byte
  std::size_t next_ = 0;
  std::uint64_t offset_ = 0;
  Fault drip_;  // the one in force until drip_end_
  std::uint64_t drip_step_ = 0;
  std::uint64_t drip_end_ = 0;
  std::chrono::milliseconds pause_{0};
};

/// Those of `faults` that count bytes at `place`, moved on by `shift` bytes.
[[nodiscard]] std::vector<Fault> faults_at(const std::vector<Fault>& faults, Fault::Place place,
                                           std::uint64_t shift = 0);

}  // namespace docupilot::inline v1::testing
