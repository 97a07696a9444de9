#include "testing/certificate_maker.h"

#include <stdexcept>

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "testing/tls_context.h"

namespace docupilot::inline v1::testing {

namespace {

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("making a certificate, ") + what + ": " + take_tls_error());
}

struct FreeNumber {
  void operator()(BIGNUM* number) const noexcept { BN_free(number); }
};
struct FreeExtension {
  void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
};
struct FreeList {
  void operator()(X509_CRL* list) const noexcept { X509_CRL_free(list); }
};
struct FreeRevoked {
  void operator()(X509_REVOKED* entry) const noexcept { X509_REVOKED_free(entry); }
};
struct FreeTime {
  void operator()(ASN1_TIME* time) const noexcept { ASN1_TIME_free(time); }
};

void set_serial(X509* certificate) {
  const std::unique_ptr<BIGNUM, FreeNumber> number(BN_new());
  require(number && BN_rand(number.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
              BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr,
          "its number");
}

void set_subject(X509* certificate, const std::string& name) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as OpenSSL wants it
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  require(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1,
          "its subject");
}

void extend(X509* certificate, X509* issuer, int what, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, FreeExtension> extension(
      X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str()));
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value.c_str());
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    unsigned char address[16];
    const bool numeric =
        ::inet_pton(AF_INET, name.c_str(), address) == 1 || ::inet_pton(AF_INET6, name.c_str(), address) == 1;
    list += (list.empty() ? "" : ",") + std::string(numeric ? "IP:" : "DNS:") + name;
  }
  return list;
}

std::string contents(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

Identity make_identity(const CertificateWish& wish, const Identity* issuer) {
  Identity made{CertificatePointer(X509_new()), KeyPointer(wish.weak_key ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256"))};
  X509* const certificate = made.certificate.get();
  require(certificate != nullptr && made.key != nullptr, "its key");
  X509* const signer = issuer != nullptr ? issuer->certificate.get() : certificate;
  set_serial(certificate);
  set_subject(certificate, wish.subject);
  require(X509_set_version(certificate, X509_VERSION_3) == 1 &&
              X509_gmtime_adj(X509_getm_notBefore(certificate), wish.from) != nullptr &&
              X509_gmtime_adj(X509_getm_notAfter(certificate), wish.until) != nullptr &&
              X509_set_pubkey(certificate, made.key.get()) == 1 &&
              X509_set_issuer_name(certificate, X509_get_subject_name(signer)) == 1,
          "its fields");
  extend(certificate, signer, NID_basic_constraints, wish.may_sign ? "critical,CA:TRUE" : "critical,CA:FALSE");
  extend(certificate, signer, NID_key_usage, wish.may_sign ? "critical,keyCertSign,cRLSign" : "digitalSignature");
  if (!wish.may_sign) extend(certificate, signer, NID_ext_key_usage, wish.for_clients ? "clientAuth" : "serverAuth");
  if (!wish.names.empty()) extend(certificate, signer, NID_subject_alt_name, alternative_names(wish.names));
  extend(certificate, signer, NID_subject_key_identifier, "hash");
  extend(certificate, signer, NID_authority_key_identifier, "keyid");
  EVP_PKEY* const key = issuer != nullptr ? issuer->key.get() : made.key.get();
  require(X509_sign(certificate, key, wish.weak_signature ? EVP_sha1() : EVP_sha256()) > 0, "its signature");
  return made;
}

std::string make_revocation_list(const Identity& issuer, const std::vector<std::string>& pems) {
  const std::unique_ptr<X509_CRL, FreeList> list(X509_CRL_new());
  const std::unique_ptr<ASN1_TIME, FreeTime> now(X509_gmtime_adj(nullptr, -60));
  const std::unique_ptr<ASN1_TIME, FreeTime> later(X509_gmtime_adj(nullptr, 86'400));
  require(list && now && later && X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
              X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer.certificate.get())) == 1 &&
              X509_CRL_set1_lastUpdate(list.get(), now.get()) == 1 &&
              X509_CRL_set1_nextUpdate(list.get(), later.get()) == 1,
          "a list's fields");
  for (const std::string& pem : pems) {
    const BioPointer bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const CertificatePointer certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
    std::unique_ptr<X509_REVOKED, FreeRevoked> entry(X509_REVOKED_new());
    require(certificate && entry &&
                X509_REVOKED_set_serialNumber(entry.get(), X509_get_serialNumber(certificate.get())) == 1 &&
                X509_REVOKED_set_revocationDate(entry.get(), now.get()) == 1 &&
                X509_CRL_add0_revoked(list.get(), entry.get()) == 1,
            "a list's entry");
    static_cast<void>(entry.release());
  }
  const BioPointer bio(BIO_new(BIO_s_mem()));
  require(X509_CRL_sign(list.get(), issuer.key.get(), EVP_sha256()) > 0 && bio &&
              PEM_write_bio_X509_CRL(bio.get(), list.get()) == 1,
          "a list's signature");
  return contents(bio.get());
}

std::string pem_of(const X509* certificate) {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  require(bio && PEM_write_bio_X509(bio.get(), certificate) == 1, "its PEM");
  return contents(bio.get());
}

std::string pem_of(const EVP_PKEY* key) {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  require(bio && PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "its key's PEM");
  return contents(bio.get());
}

}  // namespace docupilot::inline v1::testing
