#include "upload/upload_record.h"

#include <algorithm>

#include <docupilot/source/content_hash.h>

#include "base/try.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::int64_t around = 300'000'000;  // microseconds; clocks of stores are off by less
constexpr Duration abort_time = Duration::milliseconds(2'000);
constexpr std::size_t block = std::size_t{256} << 10U;

/// As the store names it; behind it we may have written what we need ourselves.
std::string_view bare_id(std::string_view upload_id) { return upload_id.substr(0, upload_id.find(' ')); }

bool may_be_done(const Error& error) {
  return error.code() == ErrorCode::outcome_unknown || error.code() == ErrorCode::cancelled ||
         error.code() == ErrorCode::timeout;
}

bool is_same(const PartInfo& a, const PartInfo& b) {
  const bool differ = a.crc64nvme && b.crc64nvme && *a.crc64nvme != *b.crc64nvme;
  return a.number == b.number && a.etag == b.etag && a.size == b.size && !differ;
}

bool is_md5(std::string_view etag) {
  return etag.size() == 32 && etag.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Result<void> abort_nameless(ObjectStore& store, UploadJournal& journal, const JournalEntry& entry,
                            const Context& context) {
  DOCUPILOT_TRY(const auto known, journal.known_ids(entry.location, context));
  const auto uploads = store.list_multipart(entry.key, context);
  if (!uploads) {
    const ErrorCode why = uploads.error().code();
    const bool may_not_be_told = why == ErrorCode::unsupported || why == ErrorCode::permission_denied;
    return may_not_be_told ? Result<void>() : uploads.error();
  }
  for (const MultipartUpload& upload : *uploads) {
    const bool named =
        std::ranges::any_of(known, [&](const std::string& id) { return bare_id(id) == bare_id(upload.upload_id); });
    const std::int64_t apart = upload.started.microseconds - entry.started.microseconds;
    if (named || upload.key != entry.key || apart > around || apart < -around) continue;
    DOCUPILOT_CHECK(store.abort_multipart(upload, context));
  }
  return {};
}

UploadRecord::UploadRecord(ObjectStore& store, UploadJournal* journal, Source& source, SourceIdentity identity,
                           std::string key)
    : store_(store), journal_(journal), source_(source), identity_(std::move(identity)), key_(std::move(key)) {}

Result<std::optional<std::uint64_t>> UploadRecord::find(WhenChanged when_changed, const Context& context) {
  std::optional<std::uint64_t> none;
  if (journal_ == nullptr || !identity_.is_set()) return none;
  DOCUPILOT_TRY(entry_, journal_->take(store_.location(), key_, identity_.uri, context));
  if (!entry_) return none;
  is_unclear_ = true;
  if (entry_->source == identity_) return std::optional(entry_->part_size);
  const auto refused = [&](Error error) {
    journal_->release(entry_->id);
    entry_.reset();
    return error;
  };
  if (when_changed == WhenChanged::refuse) {
    return refused(Error(ErrorCode::precondition_failed, "the source changed since its upload was begun")
                       .hint("bring the old file back; or drop what was sent and begin anew: WhenChanged::restart "
                             "(docupilot put --restart)"));
  }
  auto aborted = entry_->upload_id.empty()
                     ? abort_nameless(store_, *journal_, *entry_, context)
                     : store_.abort_multipart({.key = key_, .upload_id = entry_->upload_id, .started = {}}, context);
  if (!aborted) return refused(std::move(aborted).error());
  DOCUPILOT_CHECK(journal_->remove(entry_->id, context));
  entry_.reset();
  return none;
}

Result<UploadRecord::Opened> UploadRecord::open(const PartSchedule& schedule, const PutOptions& options,
                                                const Context& context) {
  if (journal_ != nullptr) {
    if (entry_ && !entry_->upload_id.empty() && !opened_) {
      DOCUPILOT_TRY(auto there, go_on(schedule, context));
      if (there) {
        opened_ = true;
        is_unclear_ = false;
        return *std::move(there);
      }
    }
    DOCUPILOT_CHECK(prepare_entry(schedule, context));
  }
  opened_ = true;
  auto begun = store_.begin_multipart(key_, options, context);
  // The server may have begun one that nobody can name.
  is_unclear_ = !begun && may_be_done(begun.error());
  if (!begun) return std::move(begun).error();
  MultipartUpload upload = *std::move(begun);
  if (entry_) {
    entry_->upload_id = upload.upload_id;
    if (auto written = journal_->update(*entry_, context); !written) {
      // What nobody remembers must not be left, also when it was cancelled just now. If this fails too, the journal
      // still knows the key and the time.
      is_unclear_ = !store_.abort_multipart(upload, {.deadline = Deadline::after(abort_time), .stop = {}});
      entry_->upload_id.clear();
      return std::move(written).error();
    }
  }
  return Opened{.upload = std::move(upload)};
}

/// An entry without an upload id, before one is asked for.
Result<void> UploadRecord::prepare_entry(const PartSchedule& schedule, const Context& context) {
  if (!entry_) {
    JournalEntry entry{.location = store_.location(), .key = key_, .source = identity_, .part_size = schedule.first()};
    DOCUPILOT_CHECK(journal_->add(entry, context));
    entry_ = std::move(entry);
    return {};
  }
  if (entry_->upload_id.empty()) DOCUPILOT_CHECK(abort_nameless(store_, *journal_, *entry_, context));
  entry_->upload_id.clear();
  entry_->started = Clock::system().now();
  entry_->completing = false;
  DOCUPILOT_CHECK(journal_->forget_parts(entry_->id, context));
  return journal_->update(*entry_, context);
}

Result<std::optional<UploadRecord::Opened>> UploadRecord::go_on(const PartSchedule& schedule, const Context& context) {
  Opened opened{.upload = {.key = key_, .upload_id = entry_->upload_id, .started = entry_->started},
                .completing = entry_->completing};
  auto listed = store_.list_parts(opened.upload, context);
  if (!listed && listed.error().code() != ErrorCode::not_found) return std::move(listed).error();
  if (!listed) {
    // It may have been completed, which then nobody saw.
    if (!entry_->completing) return std::optional<Opened>();
    DOCUPILOT_TRY(opened.has, journal_->parts(entry_->id, context));
    return std::optional(std::move(opened));
  }
  DOCUPILOT_TRY(opened.has, confirmed(schedule, *listed, context));
  if (opened.completing) {
    // All parts were there before the completion was sent. If they are not now, that is for the plan to find out.
    DOCUPILOT_TRY(auto all, journal_->parts(entry_->id, context));
    opened.completing = all.size() == schedule.parts_of(identity_.size);
    if (opened.completing) opened.has = std::move(all);
  }
  return std::optional(std::move(opened));
}

Result<std::vector<PartInfo>> UploadRecord::confirmed(const PartSchedule& schedule, const std::vector<PartInfo>& listed,
                                                      const Context& context) {
  DOCUPILOT_TRY(const auto known, journal_->parts(entry_->id, context));  // in order
  std::vector<PartInfo> has;
  std::vector<PartInfo> unknown;
  for (const PartInfo& there : listed) {
    const auto part_known = std::ranges::lower_bound(known, there.number, {}, &PartInfo::number);
    if (part_known != known.end() && is_same(*part_known, there)) {
      has.push_back(*part_known);
      continue;
    }
    PartInfo part = there;
    DOCUPILOT_TRY(const bool ours, holds_same(schedule, part, context));
    if (ours) unknown.push_back(part);
  }
  if (!unknown.empty()) DOCUPILOT_CHECK(journal_->acknowledge(entry_->id, unknown, context));
  has.insert(has.end(), unknown.begin(), unknown.end());
  std::ranges::sort(has, {}, &PartInfo::number);
  return has;
}

/// Whether the source has the bytes of this part; fills in their CRC.
Result<bool> UploadRecord::holds_same(const PartSchedule& schedule, PartInfo& part, const Context& context) {
  const std::uint64_t offset = schedule.offset_of(part.number);
  if (offset >= identity_.size) return false;
  const std::uint64_t size = std::min(schedule.size_of(part.number), identity_.size - offset);
  const bool by_md5 = !part.crc64nvme && is_md5(part.etag);
  if (part.size != size || (!part.crc64nvme && !by_md5)) return false;
  ContentHash md5(by_md5 ? Hashes::md5 : Hashes::none);
  std::uint64_t sum = 0;
  const auto buffer = std::make_unique<std::byte[]>(block);
  for (std::uint64_t at = 0; at < size;) {
    DOCUPILOT_CHECK(context.check("upload"));
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(block, size - at));
    DOCUPILOT_TRY(const std::size_t count, source_.read_at(offset + at, {buffer.get(), room}));
    if (count == 0) return false;
    md5.update({buffer.get(), count});
    sum = docupilot::crc64nvme({buffer.get(), count}, sum);
    at += count;
  }
  if (by_md5 ? md5.finish().md5 != part.etag : *part.crc64nvme != sum) return false;
  part.crc64nvme = sum;
  return true;
}

Result<void> UploadRecord::acknowledge(const std::vector<PartInfo>& parts, const Context& context) {
  if (!entry_) return {};
  return journal_->acknowledge(entry_->id, parts, context);
}

Result<void> UploadRecord::completing(const Context& context) {
  if (!entry_) return {};
  entry_->completing = true;
  return journal_->update(*entry_, context);
}

Result<void> UploadRecord::close(bool left) {
  if (!entry_) return {};
  const std::int64_t id = entry_->id;
  entry_.reset();
  if (!left && !is_unclear_) return journal_->remove(id, {});
  journal_->release(id);
  return {};
}

}  // namespace docupilot::inline v1
