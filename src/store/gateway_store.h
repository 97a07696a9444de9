#pragma once

#include "store/gateway_sender.h"
#include "store/store_call.h"

namespace docupilot::inline v1 {

/// With a clock of the caller's own.
[[nodiscard]] Result<std::unique_ptr<ObjectStore>> open_gateway_store(std::shared_ptr<UploadGateway> gateway,
                                                                      GatewayOptions options, Clock& clock);

class GatewayStore final : public ObjectStore {
 public:
  explicit GatewayStore(std::unique_ptr<GatewayState> state) : state_(std::move(state)), sender_(*state_) {}

  [[nodiscard]] std::string scheme() const override { return "gateway"; }
  [[nodiscard]] StoreCapabilities capabilities() const override;
  [[nodiscard]] Result<ObjectInfo> put(const std::string& key, Reader& body, const PutOptions& options,
                                       const Context& context) override;
  [[nodiscard]] Result<ObjectInfo> get(const std::string& key, Writer& into, const GetOptions& options,
                                       const Context& context) override;
  [[nodiscard]] Result<ObjectInfo> head(const std::string& key, const Context& context) override;
  [[nodiscard]] Result<ObjectPage> list(const ListOptions& options, const Context& context) override;
  [[nodiscard]] Result<void> remove(const std::string& key, const Context& context) override;
  [[nodiscard]] Result<ObjectInfo> copy(const std::string& from, const std::string& to,
                                        const Context& context) override;
  [[nodiscard]] Result<MultipartUpload> begin_multipart(const std::string& key, const PutOptions& options,
                                                        const Context& context) override;
  [[nodiscard]] Result<std::vector<PartInfo>> list_parts(const MultipartUpload& upload,
                                                         const Context& context) override;
  [[nodiscard]] Result<ObjectInfo> complete_multipart(const MultipartUpload& upload, const std::vector<PartInfo>& parts,
                                                      const Context& context) override;
  [[nodiscard]] Result<void> abort_multipart(const MultipartUpload& upload, const Context& context) override;
  [[nodiscard]] PartSender* part_sender() override { return &sender_; }
  [[nodiscard]] std::string location() const override;

 private:
  const std::unique_ptr<GatewayState> state_;
  GatewaySender sender_;
};

}  // namespace docupilot::inline v1
