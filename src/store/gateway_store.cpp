#include "store/gateway_store.h"

#include "base/try.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t largest_batch = 1000;

/// The key as the gateway is given it, checked.
Result<void> check(const std::string& key, const StoreCall& call) {
  DOCUPILOT_CHECK(call.check());
  return call.named(check_object_key(key));
}

}  // namespace

UploadGateway::~UploadGateway() = default;

Result<std::unique_ptr<ObjectStore>> open_gateway_store(std::shared_ptr<UploadGateway> gateway, GatewayOptions options,
                                                        Clock& clock) {
  const auto refuse = [](std::string message, std::string_view hint) {
    return Error(ErrorCode::invalid_argument, std::move(message)).operation("open").backend("gateway").hint(hint);
  };
  if (!gateway) return refuse("there is no gateway", "give one");
  if (options.batch < 1 || options.batch > largest_batch) {
    return refuse("batch is out of range", "ask for 1 to 1,000 URLs at a time");
  }
  if (options.margin < Duration()) return refuse("margin is less than nothing", "give 0 or more");
  if (!options.transport) options.transport = http::make_transport(options.network);
  auto state = std::make_unique<GatewayState>(std::move(gateway), std::move(options), clock);
  return std::unique_ptr<ObjectStore>(std::make_unique<GatewayStore>(std::move(state)));
}

Result<std::unique_ptr<ObjectStore>> open_gateway_store(std::shared_ptr<UploadGateway> gateway,
                                                        GatewayOptions options) {
  return open_gateway_store(std::move(gateway), std::move(options), Clock::system());
}

StoreCapabilities GatewayStore::capabilities() const {
  return {.attributes = true,
          .multipart = true,
          .remote = true,
          .minimum_part_size = std::uint64_t{5} << 20U,
          .equal_parts = state_->options.equal_parts};
}

std::string GatewayStore::location() const { return state_->options.location; }

Result<ObjectInfo> GatewayStore::put(const std::string&, Reader&, const PutOptions&, const Context&) {
  return unsupported("put");
}
Result<ObjectInfo> GatewayStore::get(const std::string&, Writer&, const GetOptions&, const Context&) {
  return unsupported("get");
}
Result<ObjectPage> GatewayStore::list(const ListOptions&, const Context&) { return unsupported("list"); }
Result<void> GatewayStore::remove(const std::string&, const Context&) { return unsupported("remove"); }
Result<ObjectInfo> GatewayStore::copy(const std::string&, const std::string&, const Context&) {
  return unsupported("copy");
}

Result<ObjectInfo> GatewayStore::head(const std::string& key, const Context& context) {
  const StoreCall call{"gateway", "head", key, context};
  DOCUPILOT_CHECK(check(key, call));
  return call.named(state_->gateway->head(key, context));
}

Result<MultipartUpload> GatewayStore::begin_multipart(const std::string& key, const PutOptions& options,
                                                      const Context& context) {
  const StoreCall call{"gateway", "begin_multipart", key, context};
  DOCUPILOT_CHECK(check(key, call));
  DOCUPILOT_CHECK(call.named(check_put_options(options)));
  return call.named(state_->gateway->begin(key, options, context));
}

Result<std::vector<PartInfo>> GatewayStore::list_parts(const MultipartUpload& upload, const Context& context) {
  const StoreCall call{"gateway", "list_parts", upload.key, context};
  DOCUPILOT_CHECK(check(upload.key, call));
  return call.named(state_->gateway->list_parts(upload, context));
}

Result<ObjectInfo> GatewayStore::complete_multipart(const MultipartUpload& upload, const std::vector<PartInfo>& parts,
                                                    const Context& context) {
  const StoreCall call{"gateway", "complete_multipart", upload.key, context};
  DOCUPILOT_CHECK(check(upload.key, call));
  DOCUPILOT_TRY(const auto ordered, call.named(parts_in_order(parts)));
  auto done = call.named(state_->gateway->complete(upload, ordered, context));
  if (done) state_->urls.forget(upload);
  return done;
}

Result<void> GatewayStore::abort_multipart(const MultipartUpload& upload, const Context& context) {
  const StoreCall call{"gateway", "abort_multipart", upload.key, context};
  DOCUPILOT_CHECK(check(upload.key, call));
  state_->urls.forget(upload);
  return call.named(state_->gateway->abort(upload, context));
}

}  // namespace docupilot::inline v1
