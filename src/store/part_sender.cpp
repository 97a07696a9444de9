#include <docupilot/store/part_sender.h>

namespace docupilot::inline v1 {

PartBody::~PartBody() = default;
PartTransfer::~PartTransfer() = default;
PartSender::~PartSender() = default;

bool PartSender::may_wait(const PartRequest&) const { return true; }
MultipartUpload PartSender::begin_whole(const std::string& key, const PutOptions&) { return {.key = key}; }

}  // namespace docupilot::inline v1
