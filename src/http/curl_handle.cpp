#include "http/curl_handle.h"

#include <algorithm>
#include <limits>

#include "crypto/wipe.h"
#include "http/curl_pool.h"
#include "http/curl_transfer.h"
#include "http/tls_records.h"
#include "http/url_rules.h"

namespace docupilot::inline v1::http {

namespace {

constexpr long receive_buffer = 64L << 10U;
constexpr std::uint64_t room_for_head = 16U << 10U;  // head and body go out in one piece, if both fit (libcurl 8.7)
constexpr std::uint64_t small_upload = 64U << 10U;
// Signed chunks that are hashed together, with their frames in the head's room, and what many connections at a time
// leave of a cache.
constexpr std::uint64_t large_upload = 256U << 10U;

// libcurl takes 0 for its own default of 300 s, so that "none" is the longest there is.
long connect_limit(Duration limit) {
  if (limit <= Duration()) return std::numeric_limits<std::int32_t>::max();
  const std::int64_t milliseconds = (limit.nanoseconds() - 1) / 1'000'000 + 1;
  return static_cast<long>(std::min<std::int64_t>(milliseconds, std::numeric_limits<std::int32_t>::max()));
}

// libcurl's callbacks; `self` is the handle. None of them may call back into libcurl, but to ask about its handle.
std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<CurlHandle*>(self)->transfer()->on_header({data, size * count});
}
std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<CurlHandle*>(self)->transfer()->on_body(as_bytes({data, size * count}));
}
std::size_t on_read(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<CurlHandle*>(self)->transfer()->on_read({reinterpret_cast<std::byte*>(data), size * count});
}
int on_seek(void* self, curl_off_t offset, int origin) {
  return static_cast<CurlHandle*>(self)->transfer()->on_seek(offset, origin);
}
int on_request(void* self, char* /*remote*/, char* /*local*/, int /*remote_port*/, int /*local_port*/) {
  return static_cast<CurlHandle*>(self)->transfer()->on_request() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}
int on_connected(void* self, char* /*remote*/, char* /*local*/, int /*remote_port*/, int /*local_port*/) {
  static_cast<CurlHandle*>(self)->keep_tls_session();
  return CURL_PREREQFUNC_OK;
}
curl_socket_t on_open_socket(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
  const auto& handle = *static_cast<CurlHandle*>(self);
  return handle.transfer()->on_connect(address->addr) ? handle.pool().open_socket(*address) : CURL_SOCKET_BAD;
}

}  // namespace

CurlHandle::CurlHandle(const CurlSetup& setup, CurlPool& pool, CheckedRequest::Shape shape)
    : pool_(pool), easy_(curl_easy_init()), shape_(shape) {
  if (easy_ == nullptr) {
    problem_ = CURLE_OUT_OF_MEMORY;
    return;
  }
  set_constants(setup);
  set_proxy(setup);
  set_tls(setup.options.tls);
}

CurlHandle::~CurlHandle() { curl_easy_cleanup(easy_); }

template <class Value>
void CurlHandle::set(CURLoption option, Value value) {
  const CURLcode result = curl_easy_setopt(easy_, option, value);
  if (problem_ == CURLE_OK) problem_ = result;
}

void CurlHandle::set_constants(const CurlSetup& setup) {
  set(CURLOPT_PRIVATE, static_cast<void*>(this));
  set(CURLOPT_ERRORBUFFER, error_.data());
  set(CURLOPT_SHARE, pool_.sessions());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // a name server that does not answer must not hold up a cancelled transfer
  set(CURLOPT_NOPROGRESS, 1L);
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_HTTP09_ALLOWED, 0L);
  set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
  set(CURLOPT_USERAGENT, setup.user_agent.c_str());
  set(CURLOPT_BUFFERSIZE, receive_buffer);
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  if (shape_ != CheckedRequest::Shape::connection) {
    const long idle_seconds = std::chrono::ceil<std::chrono::seconds>(setup.idle_connection).count();
    if (idle_seconds == 0) set(CURLOPT_FORBID_REUSE, 1L);
    else set(CURLOPT_MAXAGE_CONN, idle_seconds);
  }

  set(CURLOPT_HEADERFUNCTION, &on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_PREREQFUNCTION, shape_ == CheckedRequest::Shape::connection ? &on_connected : &on_request);
  set(CURLOPT_PREREQDATA, static_cast<void*>(this));
  set(CURLOPT_OPENSOCKETFUNCTION, &on_open_socket);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  set(CURLOPT_CLOSESOCKETFUNCTION, &CurlPool::on_close_socket);  // connections outlive handles, not the pool
  set(CURLOPT_CLOSESOCKETDATA, static_cast<void*>(&pool_));
  switch (shape_) {
    case CheckedRequest::Shape::no_body: set(CURLOPT_HTTPGET, 1L); break;
    case CheckedRequest::Shape::head: set(CURLOPT_NOBODY, 1L); break;
    case CheckedRequest::Shape::body:
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_READFUNCTION, &on_read);
      set(CURLOPT_READDATA, static_cast<void*>(this));
      set(CURLOPT_SEEKFUNCTION, &on_seek);
      set(CURLOPT_SEEKDATA, static_cast<void*>(this));
      break;
    case CheckedRequest::Shape::connection:
      set(CURLOPT_CONNECT_ONLY, 1L);
      set(CURLOPT_FRESH_CONNECT, 1L);
      break;
  }
}

void CurlHandle::set_proxy(const CurlSetup& setup) {
  set(CURLOPT_PROXY, setup.options.proxy.c_str());  // "": none, and the environment is not asked
  set(CURLOPT_NOPROXY, setup.no_proxy.c_str());
  no_proxy_ = setup.no_proxy;
  has_proxy_ = !setup.options.proxy.empty();
  if (setup.options.proxy.empty()) return;
  set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC));
  if (!setup.options.proxy_password.empty()) {
    std::string password(setup.options.proxy_password.expose());
    const std::size_t colon = password.find(':');
    set(CURLOPT_PROXYUSERNAME, password.substr(0, colon).c_str());
    set(CURLOPT_PROXYPASSWORD, colon == std::string::npos ? "" : password.c_str() + colon + 1);
    crypto::wipe(password);
  }
}

void CurlHandle::set_tls(const TlsOptions& tls) {
  const bool verify = !tls.insecure_accept_any_certificate;
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
  set(CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
  if (!tls.ca_file.empty()) {  // in place of the system's, not besides
    set(CURLOPT_CAINFO, tls.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
  if (!tls.revoked_file.empty()) set(CURLOPT_CRLFILE, tls.revoked_file.c_str());
  if (tls.client_certificate.empty()) return;
  set(CURLOPT_SSLCERT, tls.client_certificate.c_str());
  set(CURLOPT_SSLKEY, tls.client_key.empty() ? tls.client_certificate.c_str() : tls.client_key.c_str());
}

Result<void> CurlHandle::prepare(const Request& request, CheckedRequest& checked, CurlTransfer& transfer) {
  if (has_proxy_ && needs_public_address(request)) {
    return Error(ErrorCode::unsupported, "behind a proxy nobody here sees to which address a URL leads")
        .hint("send it without a proxy, or let url_rules allow private addresses when the proxy refuses them");
  }
  forget_error();
  transfer_ = &transfer;
  set(CURLOPT_URL, checked.url.c_str());
  if (const long limit = connect_limit(request.limits.connect); limit != connect_milliseconds_) {
    set(CURLOPT_CONNECTTIMEOUT_MS, limit);
    connect_milliseconds_ = limit;
  }
  if (shape_ != CheckedRequest::Shape::connection) set_request(request, checked);
  if (problem_ == CURLE_OK) return {};
  if (problem_ == CURLE_OUT_OF_MEMORY) return Error(ErrorCode::exhausted, "there is no memory for a request");
  return Error(ErrorCode::unsupported, std::string("libcurl cannot do this: ") + curl_easy_strerror(problem_))
      .hint("libcurl 7.88 or newer with TLS is needed");
}

void CurlHandle::set_request(const Request& request, CheckedRequest& checked) {
  // A proxy without a tunnel is given the whole URL, of which only libcurl knows whether it is the case.
  const bool as_written = !checked.path.empty() && (!has_proxy_ || checked.url.starts_with("https:"));
  if (as_written || as_written_) {
    as_written_ = as_written;
    set(CURLOPT_REQUEST_TARGET, as_written ? checked.path.c_str() : nullptr);
  }
  set(CURLOPT_HTTPHEADER, checked.header_list(request));
  if (shape_ != CheckedRequest::Shape::head && method_ != request.method) {
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    method_ = request.method;
  }
  if (past_proxy_ != request.host_service) {
    past_proxy_ = request.host_service;
    set(CURLOPT_NOPROXY, past_proxy_ ? "*" : no_proxy_.c_str());
  }
  // A connection that was used before may die after the server has read the request.
  if (fresh_ == request.idempotent) {
    fresh_ = !request.idempotent;
    set(CURLOPT_FRESH_CONNECT, fresh_ ? 1L : 0L);
  }
  if (shape_ == CheckedRequest::Shape::body) {
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(checked.length));
    const std::uint64_t wanted = std::min(checked.length, large_upload) + room_for_head;
    const auto buffer = static_cast<long>(std::max(wanted, small_upload));
    // Larger than needed does no harm; changing it costs an allocation.
    if (buffer > upload_buffer_ || buffer * 4 < upload_buffer_) {
      set(CURLOPT_UPLOAD_BUFFERSIZE, buffer);
      upload_buffer_ = buffer;
    }
  }
}

void CurlHandle::keep_tls_session() { tls_session_ = TlsRecords::session_of(easy_); }

void CurlHandle::release() {
  transfer_ = nullptr;
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, nullptr);  // it pointed into the request
}

long CurlHandle::number(CURLINFO what) const {
  long value = 0;
  return curl_easy_getinfo(easy_, what, &value) == CURLE_OK ? value : 0;
}

curl_off_t CurlHandle::wide_number(CURLINFO what) const {
  curl_off_t value = 0;
  return curl_easy_getinfo(easy_, what, &value) == CURLE_OK ? value : 0;
}

}  // namespace docupilot::inline v1::http
