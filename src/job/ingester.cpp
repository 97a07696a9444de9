#include "job/ingester.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <thread>

#include "base/try.h"
#include "base/utf8.h"
#include "crypto/random.h"
#include "job/meter.h"
#include "job/side_by_side.h"
#include "metadata/document_check.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t longest_key = 256;
constexpr std::size_t jobs_begun_together = 1'000;
constexpr auto wait_for_others = std::chrono::milliseconds(50);

std::string derived_id(std::string_view kind, std::string_view from) {
  const std::string text = std::string(kind) + '\0' + std::string(from);
  const Sha256Digest digest = sha256(as_bytes(text));
  return to_hex(ByteView(digest).first(16));
}

std::string object_key(const Job& job) { return "documents/" + job.document_id + '.' + job.id.substr(0, 16); }

Error key_taken(std::string_view key) {
  return Error(ErrorCode::conflict, "this idempotency key was used for another document")
      .operation("ingest")
      .target(key)
      .hint("use a new key for a new request");
}

/// A request that needs nothing, if only the object is still there.
struct Same {
  Document document;
  bool there = false;
};

/// One request on its way to being a task.
struct Wanted {
  std::size_t index = 0;
  Job job;
  Source* source = nullptr;
  std::optional<std::uint64_t> size;
};

class Ingester {
 public:
  Ingester(const Roles& roles, std::span<const IngestRequest> requests, const IngestManyOptions& options,
           const Context& context)
      : roles_(roles), requests_(requests), options_(options), context_(context), results_(requests.size()) {}

  std::vector<Result<IngestResult>> run() {
    std::vector<Wanted> wanted = resolve();
    Meter meter(options_.on_progress, requests_.size(), total_size(wanted));
    meter_ = &meter;
    for (std::size_t i = 0; i < results_.size(); ++i) {
      if (results_[i]) report(i);
    }
    while (!wanted.empty()) wanted = carry(std::move(wanted));
    for (const auto& [index, first] : repeats_) end(index, *results_[first]);
    meter.finish();
    std::vector<Result<IngestResult>> results;
    results.reserve(results_.size());
    for (auto& result : results_) results.push_back(*std::move(result));
    return results;
  }

 private:
  void end(std::size_t index, Result<IngestResult> result) {
    results_[index] = std::move(result);
    report(index);
  }
  void report(std::size_t index) {
    const Result<IngestResult>& result = *results_[index];
    meter_->document_done(result ? std::string_view(result->document.name) : std::string_view(), !result);
    if (options_.on_result) options_.on_result(index, result);
  }

  static std::uint64_t total_size(const std::vector<Wanted>& wanted) {
    std::uint64_t total = 0;
    for (const Wanted& w : wanted) total += w.size.value_or(0);
    return total;
  }

  // Jobs for the requests that make sense; the others have their results.
  std::vector<Wanted> resolve() {
    std::vector<Wanted> wanted;
    std::map<std::string, std::size_t> first_of;    // document id -> index of the request
    std::map<std::string, std::string> first_with;  // idempotency key -> document id
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      auto go = context_.check("ingest");
      auto one = go ? resolve_one(i) : Result<Wanted>(std::move(go).error());
      const std::string& key = requests_[i].options.idempotency_key;
      if (one && !key.empty() && first_with.emplace(key, one->job.document_id).first->second != one->job.document_id) {
        one = Error(ErrorCode::conflict, "two requests of one call have the same idempotency key")
                  .operation("ingest")
                  .target(key)
                  .hint("use a new key for a new request");
      }
      if (!one) {
        results_[i] = std::move(one).error();
        continue;
      }
      const auto [first, is_first] = first_of.emplace(one->job.document_id, i);
      if (is_first) wanted.push_back(*std::move(one));
      else if (!one->job.path.empty() && requests_[first->second].source == nullptr && requests_[i].options.id.empty())
        repeats_.emplace_back(i, first->second);
      else
        results_[i] = Error(ErrorCode::conflict, "two requests of one call are for the same document")
                          .operation("ingest")
                          .target(one->job.document_id)
                          .hint("give them different ids, or make two calls");
    }
    return wanted;
  }

  Result<Wanted> resolve_one(std::size_t index) const {
    const IngestRequest& request = requests_[index];
    Wanted wanted{.index = index, .job = {}, .source = request.source.get(), .size = {}};
    Job& job = wanted.job;
    job.id = crypto::random_hex(32);
    job.options = request.options;
    job.started = roles_.clock.now();
    IngestOptions& o = job.options;
    if (request.path.empty() == (wanted.source == nullptr)) {
      return Error(ErrorCode::invalid_argument, "a request names a path or a source").operation("ingest");
    }
    if (o.idempotency_key.size() > longest_key || !is_utf8(o.idempotency_key)) {
      return Error(ErrorCode::invalid_argument, "the idempotency key is longer than 256 bytes or not UTF-8")
          .operation("ingest");
    }
    if (!request.path.empty()) {
      DOCUPILOT_TRY(const auto opened, file_source(request.path));
      wanted.size = opened->size();
      DOCUPILOT_TRY(job.identity, opened->identity());
      job.path = job.identity.uri;
      if (o.name.empty()) o.name = std::filesystem::path(job.path).filename().string();
      if (wanted.size == 0 && !o.allow_empty) {
        return Error(ErrorCode::invalid_argument, "the document is empty")
            .operation("ingest")
            .target(request.path)
            .hint("IngestOptions::allow_empty takes it all the same");
      }
    } else {
      wanted.size = wanted.source->size();
      if (o.name.empty()) o.name = wanted.source->name();
    }
    if (o.name.empty()) o.name = "untitled";
    o.name = replace_invalid_utf8(o.name);
    if (!o.id.empty()) DOCUPILOT_CHECK(check_document_id(o.id));
    else if (!job.path.empty()) o.id = derived_id("file", job.path);
    else if (!o.idempotency_key.empty()) o.id = derived_id("key", o.idempotency_key);
    else o.id = job.id;
    job.document_id = o.id;
    job.object_key = object_key(job);
    DOCUPILOT_CHECK(check_document({.id = o.id,
                                    .title = o.title,
                                    .name = o.name,
                                    .content_type = o.content_type,
                                    .tags = o.tags,
                                    .attributes = o.attributes}));
    return wanted;
  }

  // One pass over what is wanted; returns those that somebody else is working on.
  std::vector<Wanted> carry(std::vector<Wanted> wanted) {
    std::vector<Wanted> blocked;
    std::vector<Task> tasks;
    if (auto go = context_.check("ingest"); !go && waiting_) {
      for (const Wanted& w : wanted) end(w.index, go.error());
      return blocked;
    }
    wanted = pass_over(std::move(wanted));
    for (std::size_t from = 0; from < wanted.size(); from += jobs_begun_together) {
      begin(std::span(wanted).subspan(from, std::min(jobs_begun_together, wanted.size() - from)), tasks, blocked);
    }
    const Pipeline pipeline(roles_, [this](std::uint64_t bytes) { meter_->add_bytes(bytes); });
    run_crew(
        pipeline, std::move(tasks),
        {.concurrency = concurrency(), .group = std::clamp<std::size_t>(options_.group, 1, 10'000)},
        [this](std::size_t index, Prepared& work, const auto& failure) { ended(index, work, failure); }, context_);
    if (!blocked.empty()) {
      waiting_ = true;
      std::this_thread::sleep_for(wait_for_others);
    }
    return blocked;
  }

  void begin(std::span<Wanted> wanted, std::vector<Task>& tasks, std::vector<Wanted>& blocked) {
    std::vector<Job> jobs;
    for (const Wanted& w : wanted) jobs.push_back(w.job);
    auto begun = roles_.journal.begin(jobs, context_);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!begun) end(wanted[i].index, begun.error());
      else if ((*begun)[i] == Begun::yes) tasks.push_back({wanted[i].index, std::move(jobs[i]), wanted[i].source});
      else if ((*begun)[i] == Begun::key_taken) end(wanted[i].index, key_taken(jobs[i].options.idempotency_key));
      else blocked.push_back(std::move(wanted[i]));
    }
  }

  [[nodiscard]] unsigned concurrency() const {
    return options_.concurrency != 0 ? options_.concurrency : usual_concurrency(roles_.store);
  }

  // Ends the requests that need no job, and returns the others. A thousand at a time, so that the first ones are told
  // soon.
  std::vector<Wanted> pass_over(std::vector<Wanted> wanted) {
    std::vector<Wanted> needed;
    for (std::size_t from = 0; from < wanted.size(); from += jobs_begun_together) {
      const auto some = std::span(wanted).subspan(from, std::min(jobs_begun_together, wanted.size() - from));
      std::vector<Result<std::optional<Same>>> looks;
      looks.reserve(some.size());
      for (const Wanted& w : some) looks.push_back(look_at(w));
      // To ask a store over a network for one object after the other would take as long as to ingest them again.
      side_by_side(some.size(), concurrency(), [&](std::size_t i) {
        if (looks[i] && *looks[i])
          (*looks[i])->there = bool(roles_.store.head((*looks[i])->document.object.key, context_));
      });
      for (std::size_t i = 0; i < some.size(); ++i) {
        if (!looks[i]) {
          end(some[i].index, std::move(looks[i]).error());
        } else if (*looks[i] && (*looks[i])->there) {
          meter_->add_bytes(some[i].size.value_or(0));
          end(some[i].index,
              IngestResult{
                  .document = std::move((*looks[i])->document), .outcome = IngestOutcome::unchanged, .warnings = {}});
        } else {
          needed.push_back(std::move(some[i]));
        }
      }
    }
    return needed;
  }

  // The document as it is, when its source looks as it did when it was ingested last. Errors: the key was used.
  Result<std::optional<Same>> look_at(const Wanted& wanted) const {
    const Job& job = wanted.job;
    const IngestOptions& o = job.options;
    if (!o.idempotency_key.empty()) {
      DOCUPILOT_TRY(const auto used, roles_.journal.key(o.idempotency_key, context_));
      if (used && used->document_id != job.document_id) return key_taken(o.idempotency_key);
    }
    if (o.force || job.path.empty()) return std::optional<Same>();
    DOCUPILOT_TRY(const auto before, roles_.journal.source(job.document_id, context_));
    if (!before || before->identity != job.identity) return std::optional<Same>();
    auto document = roles_.metadata.get(job.document_id, context_);
    if (!document || document->object.key != before->object_key || !wants_nothing_new(*document, o))
      return std::optional<Same>();
    return std::optional<Same>({.document = *std::move(document)});
  }

  static bool has_digests(const Checksums& sums, Hashes wanted) {
    return (!has(wanted, Hashes::crc32c) || !sums.crc32c.empty()) &&
           (!has(wanted, Hashes::crc64nvme) || !sums.crc64nvme.empty()) &&
           (!has(wanted, Hashes::md5) || !sums.md5.empty());
  }

  static bool wants_nothing_new(const Document& document, const IngestOptions& o) {
    const auto state = [&](Stage stage) { return document.stage(stage).state; };
    for (const StageStatus& status : document.stages) {
      if (status.state == StageState::failed || status.state == StageState::pending) return false;
    }
    const bool attributes_same = std::ranges::all_of(o.attributes, [&](const auto& wanted) {
      const auto found = document.attributes.find(wanted.first);
      return found != document.attributes.end() && found->second == wanted.second;
    });
    return document.name == o.name && (o.title.empty() || o.title == document.title) &&
           (o.content_type.empty() || o.content_type == document.content_type) &&
           (o.tags.empty() || o.tags == document.tags) && attributes_same &&
           has_digests(document.checksums, o.extra_hashes) && o.index == (state(Stage::index) == StageState::done) &&
           (o.summarize ? state(Stage::summary) == StageState::done || !document.summary.empty() ||
                              state(Stage::extract) == StageState::skipped
                        : document.summary.empty());
  }

  void ended(std::size_t index, Prepared& work, const std::optional<Pipeline::Failure>& failure) {
    const bool kept = failure && failure->resumable && work.job.stage > Stage::metadata;
    if (failure && !kept) return end(index, failure->error);
    IngestResult result{
        .document = std::move(work.document), .outcome = IngestOutcome::created, .warnings = std::move(work.warnings)};
    if (work.unchanged) result.outcome = IngestOutcome::unchanged;
    else if (work.prior && work.prior->object.key != work.job.object_key) result.outcome = IngestOutcome::updated;
    if (kept) {  // the document stands; the rest is pending in the journal
      result.document.stage(work.job.stage).state = StageState::pending;
      result.warnings.push_back(failure->error);
    }
    end(index, std::move(result));
  }

  const Roles& roles_;
  std::span<const IngestRequest> requests_;
  const IngestManyOptions& options_;
  const Context& context_;
  std::vector<std::optional<Result<IngestResult>>> results_;
  std::vector<std::pair<std::size_t, std::size_t>> repeats_;  // index of a request, and of the one it repeats
  Meter* meter_ = nullptr;
  bool waiting_ = false;
};

}  // namespace

std::vector<Result<IngestResult>> ingest_many(const Roles& roles, std::span<const IngestRequest> requests,
                                              const IngestManyOptions& options, const Context& context) {
  return Ingester(roles, requests, options, context).run();
}

}  // namespace docupilot::inline v1
