#include <docupilot/store/part_sender.h>

namespace docupilot::inline v1 {

PartBody::~PartBody() = default;
PartTransfer::~PartTransfer() = default;
PartSender::~PartSender() = default;

std::optional<ByteView> PartBody::whole() { return std::nullopt; }
std::optional<ByteView> PartBody::lend(std::size_t /*most*/) { return std::nullopt; }
void PartSender::expect(unsigned, const Context&) {}

bool PartSender::may_wait(const PartRequest&) const { return true; }
MultipartUpload PartSender::begin_whole(const std::string& key, const PutOptions&) { return {.key = key}; }

}  // namespace docupilot::inline v1
