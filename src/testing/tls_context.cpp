#include "testing/tls_context.h"

#include <stdexcept>
#include <string>

#include <openssl/err.h>
#include <openssl/pem.h>

namespace docupilot::inline v1::testing {

namespace {

struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

Bio reader(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

int number_of(ServerTls::Version version) {
  switch (version) {
    case ServerTls::Version::tls1_0: return TLS1_VERSION;
    case ServerTls::Version::tls1_1: return TLS1_1_VERSION;
    case ServerTls::Version::tls1_2: return TLS1_2_VERSION;
    case ServerTls::Version::tls1_3: return TLS1_3_VERSION;
  }
  return 0;
}

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string(what) + ": " + take_tls_error());
}

void use_certificates(SSL_CTX* context, const std::string& pem) {
  const Bio bio = reader(pem);
  const Certificate first(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  require(first != nullptr, "the server's certificate is no PEM");
  require(SSL_CTX_use_certificate(context, first.get()) == 1, "the server's certificate cannot be used");
  while (Certificate next{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    require(SSL_CTX_add1_chain_cert(context, next.get()) == 1, "the server's chain cannot be used");
  }
  ERR_clear_error();
}

void demand_clients(SSL_CTX* context, const std::string& pem) {
  const Bio bio = reader(pem);
  const Certificate root(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  require(root != nullptr, "the clients' root is no PEM");
  require(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root.get()) == 1, "the clients' root cannot be used");
  SSL_CTX_add_client_CA(context, root.get());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

}  // namespace

std::string take_tls_error() {
  char text[256] = "no reason given";
  if (const unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

TlsContext make_tls_context(const ServerTls& tls) {
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  require(context != nullptr, "no TLS");
  // A test may want what OpenSSL thinks too weak: short keys, old versions.
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  require(SSL_CTX_set_min_proto_version(context.get(), number_of(tls.oldest)) == 1, "the oldest version");
  require(SSL_CTX_set_max_proto_version(context.get(), number_of(tls.newest)) == 1, "the newest version");
  if (!tls.ciphers.empty()) require(SSL_CTX_set_cipher_list(context.get(), tls.ciphers.c_str()) == 1, "the ciphers");
  use_certificates(context.get(), tls.certificate_pem);
  const Bio bio = reader(tls.key_pem);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  require(key != nullptr, "the server's key is no PEM");
  require(SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1, "the server's key does not fit its certificate");
  if (!tls.client_root_pem.empty()) demand_clients(context.get(), tls.client_root_pem);
  // Resumed sessions would skip the certificates that a test is about.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context.get(), 0);
  return context;
}

}  // namespace docupilot::inline v1::testing
