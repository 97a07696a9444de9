#pragma once

#include <atomic>

#include "store/gateway_urls.h"
#include "store/transfers_under_way.h"

namespace docupilot::inline v1 {

/// What a store over a gateway and its attempts share.
struct GatewayState {
  GatewayState(std::shared_ptr<UploadGateway> given, GatewayOptions chosen, Clock& time)
      : gateway(std::move(given)),
        options(std::move(chosen)),
        clock(time),
        urls(gateway, options.batch, options.margin, time) {}

  const std::shared_ptr<UploadGateway> gateway;
  const GatewayOptions options;
  Clock& clock;
  GatewayUrls urls;
  TransfersUnderWay under_way;
  std::atomic<bool> proven = false;      ///< The last reply was a success: large bodies go out without asking first.
  std::atomic<bool> never_asks = false;  ///< Somebody on the way answered 417 to that.
};

/// Sends to URLs that the gateway gives, with what it says and nothing else.
class GatewaySender final : public PartSender {
 public:
  explicit GatewaySender(GatewayState& state) : state_(state) {}
  ~GatewaySender() override { state_.under_way.end(); }
  [[nodiscard]] bool may_wait(const PartRequest& request) const override;
  [[nodiscard]] MultipartUpload begin_whole(const std::string& key, const PutOptions& options) override;
  std::shared_ptr<PartTransfer> send(PartRequest request, Done done, const Context& context) override;

 private:
  GatewayState& state_;  // outlives this
};

}  // namespace docupilot::inline v1
