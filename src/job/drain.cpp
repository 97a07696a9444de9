#include <algorithm>
#include <chrono>

#include "base/try.h"
#include "crypto/random.h"
#include "job/ingester.h"
#include "job/meter.h"
#include "job/side_by_side.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t jobs_claimed_together = 1'000'000;

PendingJob describe(const Job& job, bool in_progress) {
  return {.id = job.id,
          .document_id = job.document_id,
          .name = job.options.name,
          .kind = job.kind,
          .stage = job.stage,
          .started = job.started,
          .in_progress = in_progress,
          .attempts = job.attempts,
          .error = job.error};
}

}  // namespace

std::string_view to_string(JobKind kind) noexcept {
  switch (kind) {
    case JobKind::ingest: return "ingest";
    case JobKind::reindex: return "reindex";
    case JobKind::remove: return "remove";
  }
  return "ingest";
}

std::string_view to_string(IngestOutcome outcome) noexcept {
  switch (outcome) {
    case IngestOutcome::created: return "created";
    case IngestOutcome::updated: return "updated";
    case IngestOutcome::unchanged: return "unchanged";
  }
  return "created";
}

Result<std::vector<PendingJob>> pending_jobs(Journal& journal, const Context& context) {
  DOCUPILOT_TRY(const auto held, journal.pending(context));
  std::vector<PendingJob> jobs;
  for (const auto& [job, holder] : held) jobs.push_back(describe(job, holder != Holder::nobody));
  return jobs;
}

Result<DrainReport> drain_jobs(const Roles& roles, const DrainOptions& options, const Context& context) {
  DrainReport report;
  DOCUPILOT_TRY(std::vector<Job> claimed, roles.journal.claim(jobs_claimed_together, context));
  Meter meter(options.on_progress, claimed.size(), 0);
  const Pipeline pipeline(roles, [&](std::uint64_t bytes) { meter.add_bytes(bytes); });
  std::vector<Task> tasks;
  for (std::size_t i = 0; i < claimed.size(); ++i) tasks.push_back({.index = i, .job = std::move(claimed[i])});
  run_crew(
      pipeline, std::move(tasks), {.concurrency = usual_concurrency(roles.store)},
      [&](std::size_t, Prepared& work, const std::optional<Pipeline::Failure>& failure) {
        meter.document_done(work.job.options.name, failure.has_value());
        if (!failure) ++report.finished;
        else report.failed.emplace_back(describe(work.job, false), failure->error);
      },
      context);
  meter.finish();
  DOCUPILOT_TRY(const auto left, roles.journal.pending(context));
  report.in_progress = static_cast<std::uint64_t>(
      std::ranges::count_if(left, [](const HeldJob& held) { return held.holder != Holder::nobody; }));
  return report;
}

Result<void> carry(const Roles& roles, JobKind kind, const std::string& document_id, const Context& context,
                   const std::function<Result<void>()>& first) {
  DOCUPILOT_CHECK(check_document_id(document_id));
  Job job{.id = crypto::random_hex(32), .document_id = document_id, .kind = kind, .started = roles.clock.now()};
  job.stage = Stage::index;  // the bytes and the metadata are there
  for (;;) {
    DOCUPILOT_TRY(const auto begun, roles.journal.begin({&job, 1}, context));
    if (begun.front() == Begun::yes) break;
    if (begun.front() == Begun::contained) return first ? first() : Result<void>();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // somebody ingests this document just now
    DOCUPILOT_CHECK(context.check(to_string(kind)));
  }
  if (first) {
    if (auto done = first(); !done) {
      (void)roles.journal.abandon(job);
      return done;
    }
  }
  Result<void> result;
  std::vector<Task> tasks;
  tasks.push_back({.job = std::move(job)});
  run_crew(
      Pipeline(roles), std::move(tasks), {},
      [&](std::size_t, Prepared&, const std::optional<Pipeline::Failure>& failure) {
        if (failure) result = failure->error;
      },
      context);
  return result;
}

}  // namespace docupilot::inline v1
