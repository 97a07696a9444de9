#pragma once

#include <string>
#include <string_view>

#include "http/verdict.h"

namespace docupilot::inline v1::s3 {

/// What came of one attempt. `root` is the root element of a success, empty when its body is no XML: a 200 whose body
/// is an error, a page for a browser or nothing is none.
[[nodiscard]] http::Judgement judge(const Result<http::Response>& result, std::string_view root);

/// The error behind a code that stands in a reply for one of several things.
[[nodiscard]] Error error_of_code(std::string_view code, std::string_view message);

/// Whether somebody else was writing the same at the same time, so that nothing was done for either yet.
[[nodiscard]] bool is_contested(const Error& error);

/// Whether a call failed because the server does not know the upload.
[[nodiscard]] bool is_unknown_upload(const Error& error);

/// Where the server says that the bucket is.
struct Redirect {
  bool is_redirect = false;
  std::string region;
  std::string endpoint;
};
[[nodiscard]] Redirect redirect_of(const http::Response& reply);

/// Whether the server may have refused an optional part of the request, rather than what was asked for.
[[nodiscard]] bool may_be_refusal(const http::Response& reply);

}  // namespace docupilot::inline v1::s3
