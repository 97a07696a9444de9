#include <docupilot/http/transport.h>

#include "http/curl_transport.h"

namespace docupilot::inline v1::http {

BodySource::~BodySource() = default;
Result<std::optional<ByteView>> BodySource::lend(std::size_t /*most*/) {
  return Error(ErrorCode::unsupported, "this source lends nothing");
}
BodySink::~BodySink() = default;
Transfer::~Transfer() = default;
Transport::~Transport() = default;

void Transport::connect_ahead(Request, unsigned) {}

std::unique_ptr<Transport> make_transport(TransportOptions options) {
  return std::make_unique<CurlTransport>(std::move(options));
}

}  // namespace docupilot::inline v1::http
