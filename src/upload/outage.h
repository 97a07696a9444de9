#pragma once

#include "base/patience.h"

namespace docupilot::inline v1 {

/// Whether an upload waits with patience: since when nothing gets on, and when the next probe goes. For one thread;
/// times are those of one steady clock.
///
/// Patience counts from the first failure after the last acknowledged byte, so that a stream which had nothing to send
/// for an hour has not lost it.
class Outage {
 public:
  Outage(PatienceOptions options, Duration now) noexcept
      : patience_(options, now), has_patience_(options.give_up > Duration()) {}

  [[nodiscard]] bool has_patience() const noexcept { return has_patience_; }
  /// It is waited for, and nothing goes out but probes.
  [[nodiscard]] bool lasts() const noexcept { return lasts_; }
  /// There will be no further probe.
  [[nodiscard]] bool is_spent() const noexcept { return lasts_ && spent_; }

  /// An attempt failed in a way that may pass.
  void failed(Duration now) noexcept {
    if (!trouble_) patience_.progressed(now);
    trouble_ = true;
  }
  /// Something was acknowledged, or a reply came that no outage gives: it is over.
  void progressed() noexcept { trouble_ = lasts_ = spent_ = probing_ = false; }
  /// Begins to wait, or goes on after a probe that failed. `random` is in [0, 1); the server may have asked for at
  /// least so much.
  void wait(Duration now, double random, Duration at_least) noexcept {
    lasts_ = true;
    probing_ = false;
    const auto wait = patience_.next_probe(now, random, at_least);
    spent_ = !wait;
    if (wait) probe_at_ = Duration(now.nanoseconds() + wait->nanoseconds());
  }
  /// When the next probe goes. Nothing: one is under way, or there will be none.
  [[nodiscard]] std::optional<Duration> probe_at() const noexcept {
    return lasts_ && !spent_ && !probing_ ? std::optional(probe_at_) : std::nullopt;
  }
  [[nodiscard]] bool is_probe_due(Duration now) const noexcept {
    const auto at = probe_at();
    return at && *at <= now;
  }
  void probe_began() noexcept { probing_ = true; }
  /// The probe goes again at once: it did not fail because of the outage.
  void probe_again(Duration now) noexcept {
    probing_ = false;
    probe_at_ = now;
  }
  /// The time of a pause does not count, and the caller wants to know now.
  void resumed(Duration now) noexcept {
    patience_.progressed(now);
    if (!probing_) probe_at_ = now;
    spent_ = false;
  }

 private:
  Patience patience_;
  bool has_patience_;
  bool trouble_ = false;  // something failed since the last progress
  bool lasts_ = false;
  bool spent_ = false;
  bool probing_ = false;
  Duration probe_at_;
};

}  // namespace docupilot::inline v1
