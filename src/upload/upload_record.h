#pragma once

#include <optional>
#include <vector>

#include <docupilot/source/source.h>
#include <docupilot/store/object_store.h>
#include <docupilot/upload/uploader.h>

#include "upload/part_schedule.h"
#include "upload/upload_journal.h"

namespace docupilot::inline v1 {

/// How an upload begins, and begins again: what the journal knows of it and what the store has are brought together.
/// Its calls block. For one call at a time.
class UploadRecord {
 public:
  /// `journal` may be null: nothing is remembered. A source that cannot be read again is never gone on with, but
  /// recorded, so that `sweep` finds what is left of it. All of these outlive the record.
  UploadRecord(ObjectStore& store, UploadJournal* journal, Source& source, SourceIdentity identity, std::string key);

  /// Looks for an upload of this source that goes on here; its part size, or nothing. Errors: precondition_failed when
  /// the source is not the same any more and that is to be refused; conflict.
  [[nodiscard]] Result<std::optional<std::uint64_t>> find(WhenChanged when_changed, const Context& context);

  struct Opened {
    MultipartUpload upload;
    std::vector<PartInfo> has;  ///< Parts that need not be sent.
    bool completing = false;    ///< All were sent, and the completion perhaps too.
  };
  /// Goes on with the upload that was found, if it is still there; else begins one. Parts that the store has and the
  /// journal does not know (the process died in between) are taken if the source has the same bytes there: only these
  /// are read again. Called again, begins anew: the upload was forgotten by the store.
  [[nodiscard]] Result<Opened> open(const PartSchedule& schedule, const PutOptions& options, const Context& context);

  [[nodiscard]] Result<void> acknowledge(const std::vector<PartInfo>& parts, const Context& context);
  /// To be called before the completion is sent.
  [[nodiscard]] Result<void> completing(const Context& context);
  /// It is over. `left`: something of it is still at the store, so the journal keeps it, as it does when that is not
  /// clear: an upload may have been begun of which no reply came, or an earlier one was never reached.
  [[nodiscard]] Result<void> close(bool left);

 private:
  [[nodiscard]] Result<std::optional<Opened>> go_on(const PartSchedule& schedule, const Context& context);
  [[nodiscard]] Result<std::vector<PartInfo>> confirmed(const PartSchedule& schedule,
                                                        const std::vector<PartInfo>& listed, const Context& context);
  [[nodiscard]] Result<bool> holds_same(const PartSchedule& schedule, PartInfo& part, const Context& context);
  [[nodiscard]] Result<void> prepare_entry(const PartSchedule& schedule, const Context& context);

  ObjectStore& store_;
  UploadJournal* const journal_;
  Source& source_;
  const SourceIdentity identity_;
  const std::string key_;
  std::optional<JournalEntry> entry_;
  bool opened_ = false;
  bool is_unclear_ = false;  // what is at the store: the entry must stay
};

/// Aborts uploads of this key that were begun when the entry was, and that no entry names: the process died between the
/// store's answer and the journal. Others may have begun one in the same minutes; theirs is taken for ours.
[[nodiscard]] Result<void> abort_nameless(ObjectStore& store, UploadJournal& journal, const JournalEntry& entry,
                                          const Context& context);

}  // namespace docupilot::inline v1
