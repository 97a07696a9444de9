#pragma once

#include <curl/curl.h>

#include <string>
#include <vector>

#include <docupilot/http/transport.h>

namespace docupilot::inline v1::http {

/// A request that may be sent. Made on the caller's thread.
struct CheckedRequest {
  /// A libcurl handle serves requests of one shape only: one that is used for PUT and then for POST has sent the
  /// wrong body before (CVE-2022-32221, CVE-2023-28322).
  enum class Shape {
    no_body,
    body,
    head,
    connection,  ///< No request: libcurl connects, and no more.
  };

  std::string url;
  std::string target;  ///< For errors.
  /// Path and query, when libcurl might spell them anew: 8.22 makes %2F of %2f. Else empty.
  std::string path;
  Shape shape = Shape::no_body;
  std::uint64_t length = 0;  ///< Of the body.

  CheckedRequest() = default;
  CheckedRequest(const CheckedRequest&) = delete;
  CheckedRequest(CheckedRequest&&) noexcept = default;
  CheckedRequest& operator=(const CheckedRequest&) = delete;
  CheckedRequest& operator=(CheckedRequest&&) noexcept = default;

  /// Whether the body of this request waits until it is asked for ("100 Continue").
  [[nodiscard]] bool asks_first(const Request& request) const { return request.expect_continue && length > 0; }
  /// The header lines of this request, chained as libcurl wants them; valid as long as this object is not moved.
  [[nodiscard]] curl_slist* header_list(const Request& request);

 private:
  void add_line(std::string_view name, std::string_view value);

  std::string lines_;  // one after the other, a zero behind each
  std::vector<curl_slist> chain_;
};

/// Errors: invalid_argument for what could not be sent as it stands, too_large for more than 64 KiB of headers.
[[nodiscard]] Result<CheckedRequest> check_request(const Request& request, bool allow_plaintext);

}  // namespace docupilot::inline v1::http
