#include <memory>

#include "base/try.h"
#include "job/pipeline.h"
#include "job/source_tap.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::uint64_t large_document = std::uint64_t{64} << 20U;
constexpr std::size_t block = std::size_t{1} << 20U;

/// Passes on how many more bytes an upload has moved; never takes any back.
class Counted {
 public:
  explicit Counted(const Pipeline::OnBytes& on_bytes) : on_bytes_(on_bytes) {}
  void reached(std::uint64_t bytes) {
    if (bytes <= told_) return;
    if (on_bytes_) on_bytes_(bytes - told_);
    told_ = bytes;
  }

 private:
  const Pipeline::OnBytes& on_bytes_;
  std::uint64_t told_ = 0;
};

/// There is no need to read on.
bool failed(Upload& upload) { return upload.ended() && !upload.wait(); }

}  // namespace

bool Pipeline::is_for_uploader(const Source& source) const {
  return roles_.uploader != nullptr && source.can_rewind() && source.size().value_or(0) >= large_document;
}

/// Parts of a file are read in any order, and only those that the store lacks, so its digests are made beside, from the
/// first byte to the last.
Result<UploadResult> Pipeline::upload(const Job& job, Source& source, SourceTap& tap, PutOptions options,
                                      const Context& context) const {
  options.durability = Durability::now;
  Counted counted(on_bytes_);
  const auto on_progress = [&](const TransferProgress& now) { counted.reached(now.bytes_done + now.bytes_moving); };
  // An upload that a killed process began goes on, since its key is the job's. The file counts as it is now.
  const auto upload = roles_.uploader->start(
      {std::shared_ptr<Source>(), &source}, job.object_key,
      {.put = std::move(options), .when_changed = WhenChanged::restart, .on_progress = on_progress}, context);
  const auto buffer = std::make_unique<std::byte[]>(block);
  for (std::size_t count = 1; count > 0 && !failed(*upload);) {
    DOCUPILOT_TRY(count, tap.read({buffer.get(), block}, context));
  }
  DOCUPILOT_TRY(UploadResult result, upload->wait(context));
  counted.reached(result.object.size);
  return result;
}

}  // namespace docupilot::inline v1
