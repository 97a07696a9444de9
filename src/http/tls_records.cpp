#include "http/tls_records.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace docupilot::inline v1::http {

namespace {

constexpr std::size_t whole_record = std::size_t{16} << 10U;
constexpr std::size_t most_added = 128;  // to a record, by the suites of TLS 1.2 and 1.3

int take_record(BIO* bio, const char* bytes, int count) noexcept {
  auto* const records = static_cast<TlsRecords*>(BIO_get_data(bio));
  try {
    if (records != nullptr) records->written(as_bytes({bytes, static_cast<std::size_t>(count)}));
  } catch (const std::bad_alloc&) {
    return -1;
  }
  return count;
}

long control(BIO* /*bio*/, int what, long /*number*/, void* /*pointer*/) { return what == BIO_CTRL_FLUSH ? 1 : 0; }

/// Made once, and not given back: connections may live as long as the process.
BIO_METHOD* method() {
  static BIO_METHOD* const made = [] {
    BIO_METHOD* const fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "records");
    if (fresh == nullptr) return fresh;
    BIO_meth_set_write(fresh, take_record);
    BIO_meth_set_ctrl(fresh, control);
    return fresh;
  }();
  return made;
}

SSL* ssl(void* session) { return static_cast<SSL*>(session); }

/// Whether libcurl's OpenSSL is this one. Two of them in a process must not share objects.
bool is_same_openssl() {
  static const bool same = [] {
    const char* const theirs = curl_version_info(CURLVERSION_NOW)->ssl_version;
    const std::string ours = std::string("OpenSSL/") + OpenSSL_version(OPENSSL_VERSION_STRING);
    return theirs != nullptr && std::string_view(theirs).starts_with(ours);
  }();
  return same;
}

}  // namespace

void* TlsRecords::session_of(CURL* easy) {
  curl_tlssessioninfo* info = nullptr;
  if (!is_same_openssl() || curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK) return nullptr;
  return info != nullptr && info->backend == CURLSSLBACKEND_OPENSSL ? info->internals : nullptr;
}

void TlsRecords::begin(CURL* easy, void* session) {
  if (session == nullptr || method() == nullptr) return;
  BIO* const bio = BIO_new(method());
  if (bio == nullptr) return;
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  easy_ = easy;
  session_ = session;
  SSL_set0_wbio(ssl(session_), bio);
}

void TlsRecords::end(bool nothing_is_missing) {
  if (!begun()) return;
  SSL* const session = ssl(std::exchange(session_, nullptr));
  if (!is_there()) return;
  if (!nothing_is_missing || !own_.empty()) {
    BIO_set_data(SSL_get_wbio(session), nullptr);  // whose goodbye would stand in the middle of a record
    return;
  }
  BIO* const connection = SSL_get_rbio(session);
  BIO_up_ref(connection);
  SSL_set0_wbio(session, connection);
}

bool TlsRecords::seal(ByteView bytes, std::vector<std::byte>& records) {
  if (!is_there()) return false;
  records.reserve(records.size() + own_.size() + bytes.size() + (bytes.size() / whole_record + 1) * most_added);
  records.insert(records.end(), own_.begin(), own_.end());
  own_.clear();
  into_ = &records;
  std::size_t written = 0;
  ERR_clear_error();
  const bool done = SSL_write_ex(ssl(session_), bytes.data(), bytes.size(), &written) == 1;
  into_ = nullptr;
  return done && written == bytes.size();
}

void TlsRecords::written(ByteView record) {
  std::vector<std::byte>& into = into_ != nullptr ? *into_ : own_;
  into.insert(into.end(), record.begin(), record.end());
}

bool TlsRecords::is_there() const {
  curl_socket_t number = CURL_SOCKET_BAD;
  return curl_easy_getinfo(easy_, CURLINFO_ACTIVESOCKET, &number) == CURLE_OK && number != CURL_SOCKET_BAD;
}

}  // namespace docupilot::inline v1::http
