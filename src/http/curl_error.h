#pragma once

#include <curl/curl.h>

#include <docupilot/base/error.h>

#include "http/curl_setup.h"

namespace docupilot::inline v1::http {

class CurlHandle;

/// How a transfer failed.
struct CurlFailure {
  CURLcode result = CURLE_OK;  ///< CURLE_OK: libcurl saw nothing wrong with a reply that is not whole.
  const CurlHandle& handle;
  const CurlSetup& setup;
  bool resolved = false;        ///< The name was found, and a connection begun.
  bool connected = false;       ///< A connection stood, of which TLS or a proxy may still have been waited for.
  bool reply_begun = false;     ///< Some of a reply came.
  bool in_head = false;         ///< And its header block did not end.
  bool refused_replay = false;  ///< The connection had been used before and broke, and was not replaced.
};

/// What it means to the caller. The hint begins with what it failed at: "name:", "connection:", "TLS:", "proxy:".
[[nodiscard]] Error curl_error(const CurlFailure& failure);

/// The proxy wants a password, or another one.
[[nodiscard]] Error proxy_refused();

}  // namespace docupilot::inline v1::http
