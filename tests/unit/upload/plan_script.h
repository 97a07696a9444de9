#pragma once

#include <docupilot/source/content_hash.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "upload/upload_plan.h"

namespace docupilot_test {

/// Plays one UploadPlan from its first event to its last: tells events in a word each, writes what the plan wants as
/// text, and moves time. Parts have 10 bytes.
class PlanScript {
 public:
  using Code = docupilot::ErrorCode;
  using Verdict = docupilot::PartVerdict;

  struct Options {
    std::optional<std::uint64_t> size = 30;
    bool can_rewind = true;
    bool multipart = true;
    bool keep = false;
    docupilot::Duration patience = std::chrono::minutes(15);
    unsigned attempts = 3;
    docupilot::TokenBucket* bucket = nullptr;
    unsigned connections = 4;
  };

  explicit PlanScript(const Options& options)
      : connections_(options.connections),
        plan_({.schedule = docupilot::PartSchedule({.size = options.size, .part_size = 10, .least = 1}),
               .size = options.size,
               .can_rewind = options.can_rewind,
               .multipart = options.multipart,
               .keep = options.keep,
               .retry = {.attempts = options.attempts},
               .patience = {.give_up = options.patience},
               .bucket = options.bucket,
               .random = [this] { return chance; }},
              now) {}
  PlanScript() : PlanScript(Options()) {}

  double chance = 0.5;
  docupilot::Duration now = std::chrono::hours(1);
  docupilot::UploadPlan& plan() { return plan_; }

  // ---- what it wants ----
  /// All that it wants now, as "open", "send 1", "send 1 (2)" for the second attempt, "complete" and so on.
  std::string wants() {
    std::string all;
    while (const auto action = plan_.next(now, sending_ < connections_)) {
      static constexpr std::string_view names[] = {"open", "send", "list", "complete", "look", "abort", "finish"};
      all += all.empty() ? "" : ", ";
      all += names[static_cast<std::size_t>(action->kind)];
      if (action->kind != docupilot::UploadAction::Kind::send) continue;
      ++sending_;
      all += " " + std::to_string(action->number);
      if (action->attempt > 1) all += " (" + std::to_string(action->attempt) + ")";
    }
    return all.empty() ? "nothing" : all;
  }
  /// How long it wants to be left alone; -1 ns: until something happens.
  [[nodiscard]] docupilot::Duration waits() const {
    const auto wake = plan_.wake_at();
    return docupilot::Duration(wake ? wake->nanoseconds() - now.nanoseconds() : -1);
  }
  void pass(docupilot::Duration time) { now = docupilot::Duration(now.nanoseconds() + time.nanoseconds()); }
  /// Time passes until it wants to be asked again; then, what it wants.
  std::string later() {
    pass(waits());
    return wants();
  }

  // ---- what happens ----
  static docupilot::MultipartUpload upload(const std::string& id) {
    return {.key = "key", .upload_id = id, .started = {}};
  }
  void opened(const std::string& id = "first", const std::vector<int>& has = {}) {
    plan_.opened(upload(id), parts(has), now);
  }
  void stored(int number) {
    --sending_;
    docupilot::PartReply reply{.verdict = Verdict::stored, .part = part(number), .bytes_sent = plan_.size_of(number)};
    if (number == 0) reply.object = object();
    plan_.replied(number, std::move(reply), now);
  }
  void stored(const std::vector<int>& numbers) {
    for (const int number : numbers) stored(number);
  }
  void fails(int number, Verdict verdict = Verdict::transient, Code code = Code::unavailable,
             std::optional<docupilot::Duration> wait = {}, bool asked_by_aws = false) {
    --sending_;
    docupilot::Error error(code, "part " + std::to_string(number) + " failed");
    plan_.replied(
        number,
        {.verdict = verdict, .error = std::move(error), .wait = wait, .asked_by_aws = asked_by_aws, .bytes_sent = 1},
        now);
  }
  void produced(std::uint64_t size, bool last = false) { plan_.produced(size, last, now); }
  void call_fails(Code code = Code::unavailable) { plan_.call_failed(docupilot::Error(code, "the call failed"), now); }
  void listed(const std::vector<int>& has) { plan_.listed(parts(has), now); }
  void completed() { plan_.completed(object(), now); }
  void looked(bool is_ours) { plan_.looked(is_ours ? std::optional(object()) : std::nullopt, now); }
  void aborted() { plan_.aborted(std::nullopt, now); }
  void abort_fails() { plan_.aborted(docupilot::Error(Code::unavailable, "out of reach"), now); }
  void cancel() { plan_.cancel(docupilot::Error(Code::cancelled, "stopped"), now); }
  void pause() { plan_.pause(now); }
  void resume() { plan_.resume(now); }

  /// Through `open` and all parts, up to the point where it wants to complete.
  std::string all_stored() {
    std::string last = wants();
    if (last == "open") opened();
    for (;;) {
      last = wants();
      if (last.find("send") == std::string::npos) return last;
      while (sending_ > 0) stored(++reached_);
    }
  }

  /// A part as the store acknowledges it; of the source, byte i of which is 'a' + i % 26.
  [[nodiscard]] docupilot::PartInfo part(int number) const {
    const std::uint64_t size = plan_.size_of(number);
    return {.number = number,
            .size = size,
            .etag = "etag-" + std::to_string(number),
            .crc64nvme = crc(plan_.offset_of(number), size)};
  }
  [[nodiscard]] std::vector<docupilot::PartInfo> parts(const std::vector<int>& numbers) const {
    std::vector<docupilot::PartInfo> all;
    for (const int number : numbers) all.push_back(part(number));
    return all;
  }
  docupilot::ObjectInfo object() const {
    docupilot::ObjectInfo info;
    info.key = "key";
    info.etag = "made";
    info.size = plan_.progress().bytes_total.value_or(0);
    return info;
  }
  /// CRC-64/NVME of so many bytes of the source.
  static std::uint64_t crc(std::uint64_t offset, std::uint64_t size) {
    std::string bytes(static_cast<std::size_t>(size), ' ');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>('a' + (offset + i) % 26);
    return docupilot::crc64nvme(docupilot::as_bytes(bytes));
  }

 private:
  unsigned connections_;
  unsigned sending_ = 0;
  int reached_ = 0;
  docupilot::UploadPlan plan_;
};

}  // namespace docupilot_test
