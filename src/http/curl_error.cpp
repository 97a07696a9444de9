#include "http/curl_error.h"

#include <openssl/x509_vfy.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "http/curl_handle.h"

namespace docupilot::inline v1::http {

namespace {

constexpr auto too_large = static_cast<CURLcode>(100);  // CURLE_TOO_LARGE, which came with 8.6

std::string with_detail(const char* what, const CurlHandle& handle) {
  std::string message = what;
  if (handle.error_text()[0] != '\0') message.append(": ").append(handle.error_text());
  return message;
}

Error unavailable(const CurlFailure& failure, const char* what, const char* hint) {
  return Error(ErrorCode::unavailable, with_detail(what, failure.handle)).hint(hint);
}

Error no_connection(const CurlFailure& failure) {
  const char* hint = "connection: is the server running and reachable?";
  switch (failure.handle.number(CURLINFO_OS_ERRNO)) {
    case ECONNREFUSED: hint = "connection: refused; is the server running, and is the port right?"; break;
    case EHOSTUNREACH:
    case ENETUNREACH: hint = "connection: there is no way to this host; is this machine online?"; break;
    case EMFILE:
    case ENFILE:
      return Error(ErrorCode::exhausted, "no socket can be opened: too many open files")
          .hint("raise the limit (ulimit -n), or allow fewer connections");
    default: break;
  }
  // Which of the two refused can be told by whom libcurl wanted to talk to.
  const std::string_view text = failure.handle.error_text();
  const std::string& proxy = failure.setup.options.proxy;
  if (!proxy.empty()) {
    const std::size_t host = proxy.find("://") + 3;
    const std::string_view name = std::string_view(proxy).substr(host, proxy.find_last_of(':') - host);
    if (!name.empty() && text.find(name) != std::string_view::npos) {
      hint = "proxy: it does not accept connections; is it running, and is its address right?";
    }
  }
  return unavailable(failure, "there is no connection", hint);
}

Error timed_out(const CurlFailure& failure) {
  const char* hint = "connection: nobody answered in time; is the address right, and the way not filtered?";
  if (!failure.resolved) {
    hint = "name: the name server did not answer in time";
  } else if (failure.connected && !failure.setup.options.proxy.empty() &&
             failure.handle.number(CURLINFO_HTTP_CONNECTCODE) == 0) {
    hint = "proxy: it did not answer in time";
  } else if (failure.connected) {
    hint = "TLS: the handshake did not end in time";
  }
  return Error(ErrorCode::timeout, "no connection within the limit").hint(hint);
}

const char* distrust(const CurlHandle& handle) {
  constexpr const char* wrong_host = "TLS: wrong host; the certificate belongs to another name";
  if (std::string_view(handle.error_text()).find("subject name") != std::string_view::npos) return wrong_host;
  switch (handle.number(CURLINFO_SSL_VERIFYRESULT)) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "TLS: expired; the certificate of the server has expired (or this machine's clock is wrong)";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "TLS: not yet valid; the certificate of the server begins later (or this machine's clock is wrong)";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "TLS: unknown root; the certificate signs itself; give its PEM file as ca_file to trust it";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "TLS: unknown root; nobody who is trusted signed the certificate; give its authority's PEM file as "
             "ca_file";
    case X509_V_ERR_INVALID_PURPOSE: return "TLS: wrong purpose; the certificate is not one of a server";
    case X509_V_ERR_CERT_REVOKED: return "TLS: revoked; the certificate of the server has been revoked";
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return "TLS: too weak; the key or signature of the certificate is of a kind that can be forged";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return wrong_host;
    default: return "TLS: the certificate of the server is not trusted";
  }
}

Error no_handshake(const CurlFailure& failure) {
  const std::string_view text = failure.handle.error_text();
  if (text.find("wrong version number") != std::string_view::npos) {
    return unavailable(failure, "the TLS handshake failed",
                       "TLS: what answers on this port does not speak TLS; is it http:// that is wanted?")
        .retryable(false);
  }
  // What OpenSSL says when both sides found nothing in common; trying again finds nothing either.
  for (const std::string_view sign : {"unsupported protocol", "protocol version", "no protocols available",
                                      "handshake failure", "no shared cipher", "dh key too small"}) {
    if (text.find(sign) == std::string_view::npos) continue;
    return unavailable(failure, "the TLS handshake failed",
                       "TLS: no version or cipher in common; the server must speak TLS 1.2 or newer on this port")
        .retryable(false);
  }
  return unavailable(failure, "the TLS handshake failed", "TLS: the handshake was cut; does the server speak TLS?");
}

Error cut(const CurlFailure& failure) {
  return Error(ErrorCode::corrupted, with_detail("the reply was cut", failure.handle))
      .hint("the connection ended before the reply did; try again")
      .retryable(true);
}

Error too_long_a_head(const CurlFailure& failure) {
  return Error(ErrorCode::too_large, with_detail("the headers of the reply are too large", failure.handle))
      .hint("no sound server sends that many; is this the right address?");
}

Error connection_lost(const CurlFailure& failure) {
  if (std::string_view(failure.handle.error_text()).find("Too large response headers") != std::string_view::npos) {
    return too_long_a_head(failure);
  }
  const long answer = failure.handle.number(CURLINFO_HTTP_CONNECTCODE);
  const bool tunnelled = answer >= 200 && answer < 300;
  if (answer == 407) return proxy_refused();
  if (answer != 0 && !tunnelled) {
    return unavailable(failure, "the proxy opened no way to the server",
                       "proxy: it refused; does it allow this host and port?");
  }
  if (failure.reply_begun) return cut(failure);
  if (failure.refused_replay) {
    return unavailable(failure, "the connection was lost before a reply came",
                       "connection: it had been used before, and the server had just closed it; try again");
  }
  return unavailable(failure, "the connection was lost before a reply came",
                     "connection: the server or something on the way closed it; try again");
}

Error local_file(const CurlFailure& failure, const char* hint) {
  return Error(ErrorCode::invalid_argument, with_detail("TLS cannot be set up", failure.handle)).hint(hint);
}

}  // namespace

Error proxy_refused() {
  return Error(ErrorCode::unavailable, "the proxy wants a password, or another one")
      .hint("proxy: 407; set proxy_password to \"user:password\"")
      .retryable(false);
}

Error curl_error(const CurlFailure& failure) {
  if (failure.refused_replay) return connection_lost(failure);
  switch (failure.result) {
    case CURLE_OK:
    case CURLE_PARTIAL_FILE: return failure.reply_begun ? cut(failure) : connection_lost(failure);
    case CURLE_COULDNT_RESOLVE_HOST:
      return unavailable(failure, "the name of the server was not found",
                         "name: is it spelled right, and does this machine reach a name server?");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return unavailable(failure, "the name of the proxy was not found", "proxy: is its name spelled right?");
    case CURLE_COULDNT_CONNECT:  // newer ones say so of a proxy that refuses, too
      return failure.handle.number(CURLINFO_HTTP_CONNECTCODE) != 0 ? connection_lost(failure) : no_connection(failure);
    case CURLE_OPERATION_TIMEDOUT: return timed_out(failure);
    case CURLE_SSL_CONNECT_ERROR: return no_handshake(failure);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return Error(ErrorCode::permission_denied, with_detail("the server's certificate is refused", failure.handle))
          .hint(distrust(failure.handle));
    case CURLE_SSL_CACERT_BADFILE: return local_file(failure, "TLS: is ca_file there, and a bundle in PEM?");
    case CURLE_SSL_CRL_BADFILE: return local_file(failure, "TLS: is revoked_file there, and a list in PEM?");
    case CURLE_SSL_CERTPROBLEM:
      return local_file(failure, "TLS: are client_certificate and client_key there, in PEM, and do they fit?");
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_ABORTED_BY_CALLBACK: return connection_lost(failure);
    case CURLE_PROXY:
      return unavailable(failure, "the proxy opened no way to the server",
                         "proxy: it does not do what was asked of it");
    case CURLE_UNSUPPORTED_PROTOCOL:  // the URL was checked: this is a reply in HTTP/0.9
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return Error(ErrorCode::corrupted, with_detail("the reply is no HTTP/1.1", failure.handle))
          .hint("is there a server that speaks HTTP at this address?");
    case too_large: return too_long_a_head(failure);
    case CURLE_OUT_OF_MEMORY:
      // What older ones say of a single header that is too long for them.
      if (failure.in_head) return too_long_a_head(failure);
      return Error(ErrorCode::exhausted, "there is no memory for the request");
    case CURLE_URL_MALFORMAT: return Error(ErrorCode::invalid_argument, with_detail("this is no URL", failure.handle));
    default: return Error(ErrorCode::internal, with_detail(curl_easy_strerror(failure.result), failure.handle));
  }
}

}  // namespace docupilot::inline v1::http
