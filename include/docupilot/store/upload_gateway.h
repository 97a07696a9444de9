#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <docupilot/http/transport.h>
#include <docupilot/store/object_store.h>

namespace docupilot::inline v1 {

/// A URL that takes one PUT, signed by somebody else. A secret until it expires.
struct PartUrl {
  int number = 0;  ///< Of the part; 0 for a whole object.
  Secret url;
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< To be sent with it, as they are.
  Timestamp expires = {};  ///< Default: what the URL says (X-Amz-Expires, X-Goog-Expires), else never.
};

/// What a client without any credential asks of a server that has them: to begin an upload, for URLs to send its parts
/// to, and to complete it. Given by the program; usually a few requests to a service of its own. Calls may come from
/// any thread, several at a time, and may block; they should look at the context, and must not throw.
class DOCUPILOT_EXPORT UploadGateway {
 public:
  virtual ~UploadGateway();
  [[nodiscard]] virtual Result<MultipartUpload> begin(const std::string& key, const PutOptions& options,
                                                      const Context& context) = 0;
  /// A URL for each of these parts, in any order. Asked for several at a time, ahead of need; again for those that are
  /// about to expire or that the store refused.
  [[nodiscard]] virtual Result<std::vector<PartUrl>> part_urls(const MultipartUpload& upload,
                                                               const std::vector<int>& numbers,
                                                               const Context& context) = 0;
  /// A URL for a whole object in one request.
  [[nodiscard]] virtual Result<PartUrl> put_url(const std::string& key, const PutOptions& options,
                                                const Context& context) = 0;
  [[nodiscard]] virtual Result<std::vector<PartInfo>> list_parts(const MultipartUpload& upload,
                                                                 const Context& context) = 0;
  [[nodiscard]] virtual Result<ObjectInfo> complete(const MultipartUpload& upload, const std::vector<PartInfo>& parts,
                                                    const Context& context) = 0;
  [[nodiscard]] virtual Result<void> abort(const MultipartUpload& upload, const Context& context) = 0;
  /// Errors: not_found. With crc64nvme, if the store tells it: by that an upload is known whose completion was done and
  /// whose reply was lost.
  [[nodiscard]] virtual Result<ObjectInfo> head(const std::string& key, const Context& context) = 0;
};

struct GatewayOptions {
  std::string location;  ///< What ObjectStore::location says. Not empty where a journal is used: it tells apart what
                         ///< two gateways lead to.
  /// What the URLs must be like; see http::UrlRules. Default: https to public addresses.
  http::UrlRules url_rules = {};
  bool equal_parts = false;  ///< The store wants all parts but the last of one size, as R2 does.
  std::size_t batch = 32;    ///< URLs asked for at a time, 1 to 1,000.
  /// A URL that expires sooner is not used. Default 30 s.
  Duration margin = Duration::milliseconds(30'000);
  std::shared_ptr<http::Transport> transport = {};  ///< Default: one of its own, set up as `network` says.
  http::TransportOptions network = {};
};

/// A store that can be uploaded to, and nothing else but `head`: the rest is `unsupported`.
[[nodiscard]] DOCUPILOT_EXPORT Result<std::unique_ptr<ObjectStore>> open_gateway_store(
    std::shared_ptr<UploadGateway> gateway, GatewayOptions options = {});

}  // namespace docupilot::inline v1
