#pragma once

#include <memory>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace docupilot::inline v1::testing {

struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using BioPointer = std::unique_ptr<BIO, FreeBio>;
using CertificatePointer = std::unique_ptr<X509, FreeCertificate>;
using KeyPointer = std::unique_ptr<EVP_PKEY, FreeKey>;

}  // namespace docupilot::inline v1::testing
