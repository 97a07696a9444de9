#include <algorithm>

#include "base/try.h"
#include "job/pipeline.h"

namespace docupilot::inline v1 {

namespace {

using Failure = Pipeline::Failure;
using Failures = std::vector<std::optional<Failure>>;

bool is_ingest(const Prepared& work) { return work.job.kind == JobKind::ingest; }

constexpr int writes_of_a_changing_document = 10;

WriteCondition if_as_read(const Prepared& work) {
  return work.prior ? WriteCondition::unchanged(work.prior->revision) : WriteCondition::absent();
}

// Marks those of the group that `concerns` and that have not failed yet.
template <class Concerns>
void fail_all(std::span<Prepared> group, Failures& failures, const Error& error, Concerns concerns) {
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (!failures[i] && concerns(group[i])) failures[i] = backend_failure(group[i].job, error);
  }
}

}  // namespace

std::vector<std::optional<Pipeline::Failure>> Pipeline::commit(std::span<Prepared> group,
                                                               const Context& context) const {
  Failures failures(group.size());
  if (group.empty()) return failures;
  const Timestamp started = roles_.clock.now();
  const auto everything = [](const Prepared&) { return true; };

  const bool bytes_are_new =
      std::ranges::any_of(group, [](const Prepared& w) { return is_ingest(w) && w.job.stage == Stage::store; });
  if (bytes_are_new) {
    if (auto flushed = roles_.store.flush(context); !flushed) {
      fail_all(group, failures, flushed.error(), [](const Prepared& w) { return w.job.stage == Stage::store; });
    }
    if (roles_.store.capabilities().deferred_put) {
      // A flush of another caller may have failed with what we put.
      for (std::size_t i = 0; i < group.size(); ++i) {
        if (failures[i] || !is_ingest(group[i]) || group[i].job.stage != Stage::store) continue;
        auto there = roles_.store.head(group[i].job.object_key, context);
        if (!there && there.error().code() != ErrorCode::not_found) {
          failures[i] = backend_failure(group[i].job, std::move(there).error());
        } else if (!there) {
          failures[i] = Failure{Error(ErrorCode::unavailable, "its bytes could not be made durable")
                                    .operation("ingest")
                                    .target(group[i].job.options.name)
                                    .hint("look after the disk, then go on with drain, or ingest it again")
                                    .cause(std::move(there).error()),
                                group[i].job.resumable()};
        }
      }
    }
    if (auto saved = save(group, failures, Stage::metadata, context); !saved) {
      fail_all(group, failures, saved.error(), everything);
    }
  }
  write_metadata(group, failures, context);
  if (auto saved = save(group, failures, Stage::index, context); !saved) {
    fail_all(group, failures, saved.error(), everything);
  }
  write_index(group, failures, context);
  remove_replaced(group, failures, context);

  std::vector<const Job*> done;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (!failures[i]) done.push_back(&group[i].job);
  }
  if (auto finished = roles_.journal.finish(done, context); !finished) {
    fail_all(group, failures, finished.error(), everything);
  }
  note("job.commit", started, std::ranges::any_of(failures, [](const auto& f) { return f.has_value(); }));
  return failures;
}

Result<void> Pipeline::save(std::span<Prepared> group, const Failures& failures, Stage next,
                            const Context& context) const {
  std::vector<const Job*> jobs;
  for (std::size_t i = 0; i < group.size(); ++i) {
    Job& job = group[i].job;
    if (failures[i] || !is_ingest(group[i]) || group[i].unchanged || job.stage >= next) continue;
    job.stage = next;
    // What the document names now is replaced by what this job wrote, and goes when the job is through.
    if (group[i].prior && group[i].prior->object.key != job.object_key &&
        std::ranges::find(job.old_keys, group[i].prior->object.key) == job.old_keys.end()) {
      job.old_keys.push_back(group[i].prior->object.key);
    }
    jobs.push_back(&job);
  }
  return jobs.empty() ? Result<void>() : roles_.journal.save(jobs, context);
}

void Pipeline::write_metadata(std::span<Prepared> group, Failures& failures, const Context& context) const {
  std::vector<std::size_t> which;
  std::vector<Document> documents;
  std::vector<WriteCondition> conditions;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (failures[i] || !is_ingest(group[i]) || group[i].unchanged || group[i].job.stage > Stage::metadata) continue;
    which.push_back(i);
    documents.push_back(group[i].document);
    conditions.push_back(if_as_read(group[i]));
  }
  if (documents.empty()) return;
  auto written = roles_.metadata.put_many(documents, conditions, context);
  if (written) {
    for (std::size_t n = 0; n < which.size(); ++n) group[which[n]].document.revision = (*written)[n];
    return;
  }
  const ErrorCode code = written.error().code();
  if (written.error().retryable() || code == ErrorCode::cancelled || code == ErrorCode::exhausted) {
    for (const std::size_t i : which) failures[i] = backend_failure(group[i].job, written.error());
    return;
  }
  for (const std::size_t i : which) {  // find the one that spoils the group
    if (auto one = write_one(group[i], context); !one)
      failures[i] = backend_failure(group[i].job, std::move(one).error());
  }
}

// Somebody may change what is known of the document between our reading it and our writing it: then what they changed
// is taken in, and it is tried again.
Result<void> Pipeline::write_one(Prepared& work, const Context& context) const {
  for (int attempt = 1;; ++attempt) {
    auto written = roles_.metadata.put(work.document, if_as_read(work), context);
    if (written) {
      work.document = *std::move(written);
      return {};
    }
    const ErrorCode code = written.error().code();
    const bool changed = code == ErrorCode::precondition_failed || code == ErrorCode::already_exists;
    if (!changed || attempt == writes_of_a_changing_document) return std::move(written).error();
    auto now = roles_.metadata.get(work.job.document_id, context);
    if (now) work.prior = *std::move(now);
    else if (now.error().code() == ErrorCode::not_found) work.prior.reset();
    else return std::move(now).error();
    take_over(work);
  }
}

void Pipeline::write_index(std::span<Prepared> group, Failures& failures, const Context& context) const {
  std::vector<IndexEntry> entries;
  std::vector<std::string> gone;
  for (std::size_t i = 0; i < group.size(); ++i) {
    Prepared& work = group[i];
    if (failures[i] || work.unchanged) continue;
    if (work.job.kind == JobKind::remove || work.document.stage(Stage::index).state == StageState::skipped) {
      gone.push_back(work.job.document_id);
    } else {
      entries.push_back({.document = work.document, .text = std::move(work.text)});
    }
  }
  const auto write = [&]() -> Result<void> {
    if (!entries.empty()) {
      DOCUPILOT_TRY(const WriteToken token, roles_.search.upsert(entries, context));
      DOCUPILOT_CHECK(roles_.search.wait(token, context));
    }
    if (!gone.empty()) {
      DOCUPILOT_TRY(const WriteToken token, roles_.search.remove(gone, context));
      DOCUPILOT_CHECK(roles_.search.wait(token, context));
    }
    return {};
  };
  if (auto written = write(); !written) {
    fail_all(group, failures, written.error(), [](const Prepared& w) { return !w.unchanged; });
  }
}

void Pipeline::remove_replaced(std::span<Prepared> group, Failures& failures, const Context& context) const {
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (failures[i]) continue;
    Prepared& work = group[i];
    std::vector<std::string> keys = work.job.old_keys;
    const auto remove = [&]() -> Result<void> {
      const bool all = work.job.kind == JobKind::remove;
      if (all) {
        if (work.prior) keys.push_back(work.prior->object.key);
      } else if (work.unchanged) {
        keys.push_back(work.job.object_key);
        work.job.object = work.prior->object;
      }
      for (const std::string& key : keys) {
        if (key != work.document.object.key) DOCUPILOT_CHECK(roles_.store.remove(key, context));
      }
      // The row goes last: it is what names the bytes.
      if (all) DOCUPILOT_CHECK(roles_.metadata.remove(work.job.document_id, {}, context));
      return {};
    };
    if (auto removed = remove(); !removed) failures[i] = backend_failure(work.job, std::move(removed).error());
  }
}

void Pipeline::give_up(std::span<const Failed> failed) const {
  std::vector<Job> released;
  for (const auto& [job, failure] : failed) {
    if (failure.resumable) {
      released.push_back(job);
      released.back().error = failure.error.to_string();
      continue;
    }
    // Whatever was stored under its key belongs to nothing now. What cannot be removed is found by a sweep.
    if (job.kind == JobKind::ingest) (void)roles_.store.remove(job.object_key);
    if (job.kind != JobKind::ingest || !job.replaces) {
      (void)roles_.journal.abandon(job);
      continue;
    }
    // The job it replaced may have left the index behind the metadata: that much is still to be done.
    Job left = job;
    left.kind = JobKind::reindex;
    left.stage = Stage::index;
    left.replaces = false;
    released.push_back(std::move(left));
  }
  // If this fails, the lock that ends with our process tells the next one that nobody holds them.
  if (!released.empty()) (void)roles_.journal.release(released);
}

}  // namespace docupilot::inline v1
