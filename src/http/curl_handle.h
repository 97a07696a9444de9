#pragma once

#include <curl/curl.h>

#include <array>
#include <string>

#include "http/curl_setup.h"
#include "http/request_check.h"

namespace docupilot::inline v1::http {

class CurlTransfer;
class CurlPool;

/// One easy handle of libcurl. What is the same for all requests is set once; a request changes the rest only, which is
/// why a handle keeps to requests of one shape. Used by one thread.
class CurlHandle {
 public:
  CurlHandle(const CurlSetup& setup, CurlPool& pool, CheckedRequest::Shape shape);
  ~CurlHandle();
  CurlHandle(const CurlHandle&) = delete;
  CurlHandle& operator=(const CurlHandle&) = delete;

  /// Readies the handle for a request; `transfer` gets its callbacks until `release`. Errors: those of the handle's
  /// set-up, such as a certificate that cannot be used.
  [[nodiscard]] Result<void> prepare(const Request& request, CheckedRequest& checked, CurlTransfer& transfer);
  void release();

  [[nodiscard]] CurlPool& pool() const noexcept { return pool_; }
  [[nodiscard]] CURL* get() const noexcept { return easy_; }
  [[nodiscard]] CurlTransfer* transfer() const noexcept { return transfer_; }
  [[nodiscard]] CheckedRequest::Shape shape() const noexcept { return shape_; }
  /// What libcurl says of the last failure, perhaps nothing.
  [[nodiscard]] const char* error_text() const noexcept { return error_.data(); }
  void forget_error() noexcept { error_[0] = '\0'; }
  /// Of a connection that was only opened: TlsRecords::session_of.
  [[nodiscard]] void* tls_session() const noexcept { return tls_session_; }
  void keep_tls_session();
  [[nodiscard]] long number(CURLINFO what) const;
  [[nodiscard]] curl_off_t wide_number(CURLINFO what) const;

 private:
  template <class Value>
  void set(CURLoption option, Value value);
  void set_constants(const CurlSetup& setup);
  void set_proxy(const CurlSetup& setup);
  void set_tls(const TlsOptions& tls);
  void set_request(const Request& request, CheckedRequest& checked);

  CurlPool& pool_;
  CURL* easy_;
  CurlTransfer* transfer_ = nullptr;
  CheckedRequest::Shape shape_;
  CURLcode problem_ = CURLE_OK;  // the first one
  std::string method_;           // that is set now
  long connect_milliseconds_ = -1;
  long upload_buffer_ = 0;
  bool fresh_ = false;
  std::string no_proxy_;  // as it is set for all but services of the host
  bool has_proxy_ = false;
  bool past_proxy_ = false;
  bool as_written_ = false;  // the request target is set
  void* tls_session_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_{};
};

}  // namespace docupilot::inline v1::http
