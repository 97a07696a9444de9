#pragma once

#include <string>
#include <string_view>

#include <docupilot/http/transport.h>

#include "http/request_check.h"

namespace docupilot::inline v1::http {

/// What the Host header says of an endpoint ("https://host:443"), as it is signed: without the port that the scheme has
/// by itself.
[[nodiscard]] std::string host_of(std::string_view endpoint);

/// The request line and the headers, into `head`; the request has been checked.
void write_request_head(std::string& head, const Request& request, const CheckedRequest& checked, std::string_view host,
                        std::string_view user_agent);

}  // namespace docupilot::inline v1::http
