#include <docupilot/store/object_store.h>

#include "base/utf8.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

ObjectStore::~ObjectStore() = default;

Error ObjectStore::unsupported(std::string_view operation) const {
  return Error(ErrorCode::unsupported, "this store cannot do it")
      .operation(operation)
      .backend(scheme())
      .hint("ask capabilities() first, or choose another store");
}

Result<void> ObjectStore::flush(const Context&) { return {}; }
Result<std::vector<std::string>> ObjectStore::sweep_temporary(Duration, bool, const Context&) {
  return std::vector<std::string>();
}
std::vector<Finding> ObjectStore::examine(const Context&) { return {}; }
PartSender* ObjectStore::part_sender() { return nullptr; }
std::string ObjectStore::location() const { return scheme(); }
Result<MultipartUpload> ObjectStore::begin_multipart(const std::string&, const PutOptions&, const Context&) {
  return unsupported("begin_multipart");
}
Result<PartInfo> ObjectStore::put_part(const MultipartUpload&, int, Reader&, const Context&) {
  return unsupported("put_part");
}
Result<std::vector<PartInfo>> ObjectStore::list_parts(const MultipartUpload&, const Context&) {
  return unsupported("list_parts");
}
Result<ObjectInfo> ObjectStore::complete_multipart(const MultipartUpload&, const std::vector<PartInfo>&,
                                                   const Context&) {
  return unsupported("complete_multipart");
}
Result<void> ObjectStore::abort_multipart(const MultipartUpload&, const Context&) {
  return unsupported("abort_multipart");
}
Result<std::vector<MultipartUpload>> ObjectStore::list_multipart(const std::string&, const Context&) {
  return unsupported("list_multipart");
}
Result<std::optional<ObjectInfo>> ObjectStore::find_completed(const MultipartUpload& upload,
                                                              const std::vector<PartInfo>& parts,
                                                              const Context& context) {
  const auto there = head(upload.key, context);
  if (!there && there.error().code() != ErrorCode::not_found) return there.error();
  if (!there || !is_made_of(*there, parts)) return std::optional<ObjectInfo>();
  return std::optional<ObjectInfo>(*there);
}

Result<Secret> ObjectStore::presign(const std::string&, const PresignOptions&, const Context&) {
  return unsupported("presign");
}

Result<void> check_object_key(std::string_view key) {
  constexpr std::size_t longest = 1024;
  const auto refuse = [&](std::string message, std::string_view hint) {
    return Error(ErrorCode::invalid_argument, std::move(message)).target(key.substr(0, longest)).hint(hint);
  };
  if (key.empty()) return refuse("the key is empty", "give the object a key of 1 to 1,024 bytes");
  if (key.size() > longest) {
    return refuse("the key is " + std::to_string(key.size()) + " bytes long, more than 1,024", "use a shorter key");
  }
  for (std::string_view rest = key; !rest.empty();) {
    const std::size_t length = utf8_sequence(rest);
    if (length == 0) return refuse("the key is not UTF-8", "convert the key to UTF-8");
    const auto first = static_cast<unsigned char>(rest[0]);
    const bool c1 = length == 2 && first == 0xc2 && static_cast<unsigned char>(rest[1]) < 0xa0;
    if (first < 0x20 || first == 0x7f || c1) {
      return refuse("the key has a control character in it", "remove or encode the control characters");
    }
    rest.remove_prefix(length);
  }
  return {};
}

}  // namespace docupilot::inline v1
