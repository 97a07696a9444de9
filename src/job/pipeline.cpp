#include "job/pipeline.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/try.h"
#include "job/object_reader.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::uint64_t small_document = 1U << 20U;  // read into memory once, for store and extractor
constexpr int reads_of_a_changing_file = 3;

// Errors that a later try may not meet, and those that the user can mend without giving the bytes again.
bool may_pass(ErrorCode code) {
  switch (code) {
    case ErrorCode::cancelled:
    case ErrorCode::timeout:
    case ErrorCode::unavailable:
    case ErrorCode::rate_limited:
    case ErrorCode::exhausted:
    case ErrorCode::unauthenticated:
    case ErrorCode::permission_denied:
    case ErrorCode::outcome_unknown:
    case ErrorCode::corrupted:
    case ErrorCode::internal: return true;
    default: return false;
  }
}

// Whether the metadata say already what the document is, and only the index has to follow.
bool row_is_truth(const Prepared& work) { return work.job.kind != JobKind::ingest || work.job.stage > Stage::metadata; }

Error changed_while_read(const SourceIdentity& source) {
  return Error(ErrorCode::conflict, "it changed while it was read")
      .operation("ingest")
      .target(source.uri)
      .hint("ingest it again when nobody writes to it");
}

bool ends_the_call(ErrorCode code) { return code == ErrorCode::cancelled || code == ErrorCode::timeout; }

}  // namespace

Pipeline::Failure backend_failure(const Job& job, Error error) {
  // Once the metadata name the new bytes there is no way back: the job stays until it is through.
  const bool resumable = job.resumable() && (may_pass(error.code()) || job.stage > Stage::metadata);
  return {std::move(error), resumable};
}

// Where the text of a document is read from: the bytes in memory, the source once more, or the object.
struct Pipeline::Bytes {
  std::string head;
  std::optional<std::string> memory;
  std::unique_ptr<Source> opened;
  Source* again = nullptr;
};

void Pipeline::note(std::string_view span, Timestamp started, bool failed) const {
  if (roles_.hooks.span) {
    const Timestamp now = roles_.clock.now();
    roles_.hooks.span({span, started.microseconds, now.microseconds - started.microseconds, failed});
  }
}

// ---- prepare
// ---------------------------------------------------------------------------------------------------------

std::optional<Pipeline::Failure> Pipeline::prepare(Prepared& work, Source* source, const Context& context) const {
  const Timestamp started = roles_.clock.now();
  const auto fail = [&](Error error) { return std::optional(backend_failure(work.job, std::move(error))); };
  auto prior = roles_.metadata.get(work.job.document_id, context);
  if (prior) work.prior = *prior;
  else if (prior.error().code() != ErrorCode::not_found) return fail(std::move(prior).error());

  std::optional<Failure> failure;
  Bytes bytes;
  switch (work.job.kind) {
    case JobKind::remove: return {};
    case JobKind::reindex:
      if (!work.prior) return Failure{std::move(prior).error(), false};
      work.document = *work.prior;
      if (auto read = describe(work, bytes, context); !read) failure = fail(std::move(read).error());
      break;
    case JobKind::ingest:
      if (work.prior && work.prior->object.key == work.job.object_key) work.job.stage = Stage::index;
      if (work.prior && work.job.stage > Stage::metadata) {  // the row is written, and may have been updated since
        work.document = *work.prior;
        if (auto read = describe(work, bytes, context); !read) failure = fail(std::move(read).error());
        break;
      }
      if (work.job.stage == Stage::store) {
        failure = store(work, source, bytes, context);
      } else if (auto head = ObjectReader(roles_.store, work.job.object_key, work.job.size).read_head(context); head) {
        bytes.head = *std::move(head);
      } else {
        failure = fail(std::move(head).error());
      }
      if (failure) break;
      compose(work, bytes);
      if (auto read = describe(work, bytes, context); !read) failure = fail(std::move(read).error());
      break;
  }
  note("job.prepare", started, failure.has_value());
  return failure;
}

std::optional<Pipeline::Failure> Pipeline::store(Prepared& work, Source* source, Bytes& bytes,
                                                 const Context& context) const {
  Job& job = work.job;
  for (int attempt = 1;; ++attempt) {
    bytes = {};
    if (source == nullptr) {
      if (job.path.empty()) {
        return Failure{Error(ErrorCode::not_found, "its bytes came from a stream and are gone")
                           .operation("resume")
                           .target(job.options.name)
                           .hint("ingest it again"),
                       false};
      }
      auto opened = file_source(job.path);
      if (!opened) {
        // Gone for good, unless a later process finds it only out of reach.
        const ErrorCode code = opened.error().code();
        const bool gone = code == ErrorCode::not_found || code == ErrorCode::invalid_argument;
        return Failure{std::move(opened).error(), job.attempts > 1 && !gone};
      }
      bytes.opened = *std::move(opened);
    }
    Source& from = source != nullptr ? *source : *bytes.opened;
    auto before = from.identity();
    if (!before) return Failure{std::move(before).error(), false};
    if (auto failure = put(work, from, bytes, context)) return failure;
    auto after = from.identity();
    if (!after) return Failure{std::move(after).error(), false};
    job.identity = *after;
    if (*before == *after) return check_key(job, context);
    if (source != nullptr || attempt == reads_of_a_changing_file) {
      return Failure{changed_while_read(*after), false};
    }
  }
}

std::optional<Pipeline::Failure> Pipeline::check_key(const Job& job, const Context& context) const {
  const std::string& key = job.options.idempotency_key;
  if (key.empty()) return {};
  auto used = roles_.journal.key(key, context);
  if (!used) return backend_failure(job, std::move(used).error());
  if (!*used || (*used)->sha256.empty() || (*used)->sha256 == job.checksums.sha256) return {};
  return Failure{Error(ErrorCode::conflict, "this idempotency key was used for other bytes")
                     .operation("ingest")
                     .target(key)
                     .hint("use a new key for a new request"),
                 false};
}

std::optional<Pipeline::Failure> Pipeline::put(Prepared& work, Source& source, Bytes& bytes,
                                               const Context& context) const {
  Job& job = work.job;
  const bool in_parts = is_for_uploader(source);
  const Hashes hashes = Hashes::sha256 | job.options.extra_hashes;
  SourceTap tap(source, in_parts ? hashes | Hashes::crc64nvme : hashes, in_parts ? OnBytes() : on_bytes_);
  const auto fail = [&](Error error) {
    const bool of_source = tap.source_failed() && !ends_the_call(error.code());
    return of_source ? Failure{std::move(error), false} : backend_failure(job, std::move(error));
  };
  auto head = tap.peek(context);
  if (!head) return fail(std::move(head).error());
  if (head->empty() && !job.options.allow_empty) {
    return Failure{Error(ErrorCode::invalid_argument, "the document is empty")
                       .operation("ingest")
                       .target(job.options.name)
                       .hint("IngestOptions::allow_empty takes it all the same"),
                   false};
  }
  bytes.head = *head;
  PutOptions options{.durability = Durability::on_flush};
  // Whoever reads a remote object directly wants its type; in a folder it would only be one more file.
  if (roles_.store.scheme() != "file") options.content_type = content_type(job, bytes);
  Result<ObjectInfo> stored;
  std::optional<std::uint64_t> sent;
  if (in_parts) {
    bytes.again = &source;
    auto uploaded = upload(job, source, tap, std::move(options), context);
    if (!uploaded) return fail(std::move(uploaded).error());
    stored = std::move(uploaded->object);
    sent = uploaded->crc64nvme;
  } else if (source.size() && *source.size() <= small_document) {
    auto all = read_all(tap, small_document, context);
    if (!all) return fail(std::move(all).error());
    bytes.memory = *std::move(all);
    MemoryReader body(as_bytes(*bytes.memory));
    stored = roles_.store.put(job.object_key, body, options, context);
  } else {
    // What cannot be read again is read back from the store, so it must be visible there.
    if (!source.can_rewind()) options.durability = Durability::now;
    else bytes.again = &source;
    stored = roles_.store.put(job.object_key, tap, options, context);
  }
  if (!stored) return fail(std::move(stored).error());
  job.object = {roles_.store.scheme(), job.object_key, stored->version, stored->etag};
  job.size = tap.count();
  job.checksums = tap.checksums();
  if (sent) {  // by others' reads of the source: they must have seen the same bytes
    if (stored->size != job.size || fmt::format("{:016x}", *sent) != job.checksums.crc64nvme) {
      return Failure{changed_while_read(job.identity), false};
    }
    if (!has(hashes, Hashes::crc64nvme)) job.checksums.crc64nvme.clear();
  }
  return {};
}

Result<void> Pipeline::describe(Prepared& work, Bytes& bytes, const Context& context) const {
  const ObjectRef& object = work.document.object;
  Result<void> read;
  if (bytes.memory) {
    MemoryReader body(as_bytes(*bytes.memory));
    read = extract(work, body, context);
  } else if (bytes.again != nullptr) {
    DOCUPILOT_CHECK(bytes.again->rewind());
    read = extract(work, *bytes.again, context);
  } else {
    ObjectReader body(roles_.store, object.key, work.document.size);
    read = extract(work, body, context);
  }
  DOCUPILOT_CHECK(std::move(read));
  if (row_is_truth(work)) return {};
  if (bytes.again != nullptr) {
    DOCUPILOT_TRY(const SourceIdentity after, bytes.again->identity());
    if (after != work.job.identity) return changed_while_read(after);
  }
  DOCUPILOT_CHECK(summarize(work, context));
  const Document& now = work.document;
  if (!work.prior || work.job.options.force) return {};
  Document like_before = *work.prior;
  like_before.object = now.object;
  like_before.updated = now.updated;
  like_before.revision = now.revision;
  // Nothing new. Unless the bytes kept so far have gone: then these take their place.
  work.unchanged = like_before == now && work.prior->object.key != now.object.key && work.warnings.empty() &&
                   roles_.store.head(work.prior->object.key, context).has_value();
  if (work.unchanged) work.document = *work.prior;
  return {};
}

std::string Pipeline::content_type(const Job& job, const Bytes& bytes) {
  if (!job.options.content_type.empty()) return job.options.content_type;
  return detect_content_type(job.options.name, as_bytes(bytes.head));
}

void Pipeline::compose(Prepared& work, const Bytes& bytes) const {
  const Job& job = work.job;
  Document& document = work.document;
  const Timestamp now = roles_.clock.now();
  document.id = job.document_id;
  document.name = job.options.name;
  document.title = job.options.title;
  document.content_type = content_type(job, bytes);
  document.object = job.object;
  document.size = job.size;
  document.checksums = job.checksums;
  document.created = now;
  document.updated = now;
  for (StageStatus& status : document.stages) status = {StageState::done, {}};
  take_over(work);
}

// What the revision before knows and this request does not say otherwise.
void Pipeline::take_over(Prepared& work) {
  Document& document = work.document;
  const IngestOptions& options = work.job.options;
  document.tags = options.tags;
  document.attributes = options.attributes;
  if (!work.prior) return;
  document.created = work.prior->created;
  document.revision = work.prior->revision;
  if (document.tags.empty()) document.tags = work.prior->tags;
  document.attributes.insert(work.prior->attributes.begin(), work.prior->attributes.end());
}

Result<void> Pipeline::extract(Prepared& work, Reader& body, const Context& context) const {
  Document& document = work.document;
  auto extracted =
      roles_.extractor.extract(body, {.name = document.name, .content_type = document.content_type}, context);
  StageStatus& status = document.stage(Stage::extract);
  if (row_is_truth(work)) {
    if (extracted) work.text = std::move(extracted->text);
    else if (status.state == StageState::done) return std::move(extracted).error();  // keep the entry there is
    return {};
  }
  if (extracted) {
    work.text = std::move(extracted->text);
    if (document.title.empty()) document.title = extracted->title;
  } else if (ends_the_call(extracted.error().code()) && !context.check("extract")) {
    return std::move(extracted).error();
  } else {
    const bool has_text = roles_.extractor.handles(document.content_type);
    status = {has_text ? StageState::failed : StageState::skipped, has_text ? extracted.error().to_string() : ""};
    if (has_text) work.warnings.push_back(std::move(extracted).error());
  }
  if (document.title.empty()) document.title = document.name;
  return {};
}

Result<void> Pipeline::summarize(Prepared& work, const Context& context) const {
  StageStatus& status = work.document.stage(Stage::summary);
  status = {StageState::skipped, {}};
  if (!work.job.options.index) work.document.stage(Stage::index) = {StageState::skipped, {}};
  if (!work.job.options.summarize || work.text.empty()) return {};
  auto summary = roles_.summarizer.summarize(
      {.text = work.text, .title = work.document.title, .length = work.job.options.summary_length}, context);
  if (summary) {
    work.document.summary = std::move(summary->text);
    status = {StageState::done, {}};
  } else if (summary.error().code() == ErrorCode::invalid_argument) {
    return {};  // there is no sentence in it
  } else if (ends_the_call(summary.error().code()) && !context.check("summarize")) {
    return std::move(summary).error();
  } else {
    status = {StageState::failed, summary.error().to_string()};
    work.warnings.push_back(std::move(summary).error());
  }
  return {};
}

}  // namespace docupilot::inline v1
