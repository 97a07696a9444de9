#include "store/s3_part_sender.h"

#include "store/s3_metadata.h"
#include "store/s3_part_transfer.h"
#include "store/s3_upload_id.h"

namespace docupilot::inline v1 {

void S3SenderState::refuse(http::SharedCredentials used, Error why) {
  const std::lock_guard lock(mutex_);
  refused_ = std::move(used);
  why_ = std::move(why);
}

std::optional<Error> S3SenderState::take_refusal(const http::Credentials& fresh) {
  const std::lock_guard lock(mutex_);
  if (!why_ || !same_keys(fresh, *refused_)) return std::nullopt;
  return std::exchange(why_, std::nullopt);
}

bool S3SenderState::leave_out_checksum(const PartRequest& part) {
  if (takes_checksums) return false;
  const std::lock_guard lock(mutex_);
  without_checksum_.emplace(part.key(), part.number);
  return true;
}

void S3SenderState::put_back_checksum(const PartRequest& part) {
  const std::lock_guard lock(mutex_);
  without_checksum_.erase({part.key(), part.number});
}

bool S3SenderState::goes_without_checksum(const PartRequest& part) const {
  if (takes_checksums) return false;
  const std::lock_guard lock(mutex_);
  return without_checksum_.contains({part.key(), part.number});
}

bool S3PartSender::may_wait(const PartRequest& request) const {
  const bool looks = request.target->options.is_conditional() && !state_.client.features().conditional;
  return looks || !state_.lasting_keys;
}

MultipartUpload S3PartSender::begin_whole(const std::string& key, const PutOptions& options) {
  // The second of two attempts at an object without conditions makes it once more, so none has to be told by its mark.
  const std::string mark = options.is_conditional() ? s3::make_mark(options.attributes) : std::string();
  return {.key = key, .upload_id = s3::UploadId{.mark = mark}.to_string(), .started = state_.client.now()};
}

std::shared_ptr<PartTransfer> S3PartSender::send(PartRequest request, Done done, const Context& context) {
  auto transfer = std::make_shared<S3PartTransfer>(state_, std::move(request), std::move(done), context);
  state_.under_way.add(transfer);
  transfer->start(store_);
  return transfer;
}

}  // namespace docupilot::inline v1
