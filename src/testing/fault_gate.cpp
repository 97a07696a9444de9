#include "testing/fault_gate.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace docupilot::inline v1::testing {

namespace {

constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

}  // namespace

FaultGate::FaultGate(const std::vector<Fault>& faults) {
  const auto place = [](const Fault& fault) { return std::pair(fault.at, fault.action == Fault::Action::flip); };
  for (const Fault& fault : faults) {
    const auto after = std::upper_bound(faults_.begin(), faults_.end(), fault,
                                        [&](const Fault& a, const Fault& b) { return place(a) < place(b); });
    faults_.insert(after, fault);
  }
}

const Fault* FaultGate::due() {
  if (next_ == faults_.size() || faults_[next_].at > offset_ || faults_[next_].action == Fault::Action::flip) {
    return nullptr;
  }
  const Fault& fault = faults_[next_++];
  if (fault.action == Fault::Action::drip) {
    drip_ = fault;
    drip_step_ = 0;
    drip_end_ = fault.length == 0 ? endless : offset_ + fault.length;
  }
  return &fault;
}

std::uint64_t FaultGate::allowance() const {
  std::uint64_t most = endless;
  // A flip is done to the first byte of a piece, and ends the piece before the next fault.
  for (std::size_t i = next_; i < faults_.size() && most == endless; ++i) {
    if (faults_[i].at > offset_) most = faults_[i].at - offset_;
  }
  if (offset_ < drip_end_) {
    most = std::min(most, std::max<std::uint64_t>(drip_.bytes, 1) - drip_step_);
    most = std::min(most, drip_end_ - offset_);
  }
  return most;
}

void FaultGate::pass(std::string& bytes, std::vector<Fault>& flipped) {
  while (next_ < faults_.size() && faults_[next_].at == offset_ && !bytes.empty()) {
    const Fault& fault = faults_[next_];
    if (fault.action != Fault::Action::flip) break;
    bytes.front() = static_cast<char>(bytes.front() ^ (1 << (fault.bit % 8)));
    flipped.push_back(fault);
    ++next_;
  }
  const bool dripping = offset_ < drip_end_;
  offset_ += bytes.size();
  if (!dripping) return;
  drip_step_ += bytes.size();
  if (drip_step_ < std::max<std::uint64_t>(drip_.bytes, 1) && offset_ < drip_end_) return;
  drip_step_ = 0;
  pause_ = drip_.wait;
}

std::chrono::milliseconds FaultGate::take_pause() { return std::exchange(pause_, std::chrono::milliseconds(0)); }

bool FaultGate::awaits(Fault::Action action) const {
  return std::any_of(faults_.begin() + static_cast<std::ptrdiff_t>(next_), faults_.end(),
                     [&](const Fault& fault) { return fault.action == action; });
}

std::vector<Fault> faults_at(const std::vector<Fault>& faults, Fault::Place place, std::uint64_t shift) {
  std::vector<Fault> found;
  for (const Fault& fault : faults) {
    if (fault.place != place) continue;
    found.push_back(fault);
    found.back().at += shift;
  }
  return found;
}

}  // namespace docupilot::inline v1::testing
