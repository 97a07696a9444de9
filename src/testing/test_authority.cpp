#include <docupilot/testing/test_authority.h>

#include "testing/certificate_maker.h"
#include "testing/temporary_folder.h"

namespace docupilot::inline v1::testing {

namespace {

constexpr long day = 86'400;

const char* const root_name = "DocuPilot testing root";

Identity make_root() { return make_identity({.subject = root_name, .may_sign = true}, nullptr); }

TestAuthority::Certificate as_pem(const Identity& identity, const Identity* sent_along = nullptr) {
  return {pem_of(identity.certificate.get()) + (sent_along != nullptr ? pem_of(sent_along->certificate.get()) : ""),
          pem_of(identity.key.get())};
}

}  // namespace

class TestAuthority::Impl {
 public:
  Identity root = make_root();
  std::string root_pem = pem_of(root.certificate.get());
  TemporaryFolder folder;
};

TestAuthority::TestAuthority() : impl_(std::make_unique<Impl>()) {}

TestAuthority::~TestAuthority() = default;

TestAuthority::Certificate TestAuthority::issue(Kind kind, const std::vector<std::string>& names) const {
  CertificateWish wish{.subject = "DocuPilot testing", .names = names};
  switch (kind) {
    case Kind::good: break;
    case Kind::through_intermediate:
    case Kind::missing_intermediate: {
      const Identity between =
          make_identity({.subject = "DocuPilot testing intermediate", .may_sign = true}, &impl_->root);
      return as_pem(make_identity(wish, &between), kind == Kind::through_intermediate ? &between : nullptr);
    }
    case Kind::wrong_host: wish.names = {"wrong.invalid"}; break;
    case Kind::expired:
      wish.from = -30 * day;
      wish.until = -day;
      break;
    case Kind::not_yet_valid: wish.from = day; break;
    case Kind::self_signed: return as_pem(make_identity(wish, nullptr));
    case Kind::unknown_root: {
      const Identity other = make_root();
      return as_pem(make_identity(wish, &other));
    }
    case Kind::wrong_purpose: wish.for_clients = true; break;
    case Kind::issued_by_leaf: {
      const Identity leaf = make_identity({.subject = "DocuPilot testing leaf", .names = names}, &impl_->root);
      return as_pem(make_identity(wish, &leaf), &leaf);
    }
    case Kind::weak_key: wish.weak_key = true; break;
    case Kind::weak_signature: wish.weak_signature = true; break;
  }
  return as_pem(make_identity(wish, &impl_->root));
}

ServerTls TestAuthority::server(Kind kind) const {
  Certificate certificate = issue(kind);
  return {.certificate_pem = std::move(certificate.certificate_pem), .key_pem = std::move(certificate.key_pem)};
}

std::string TestAuthority::revocation_list(const std::vector<Certificate>& revoked) const {
  std::vector<std::string> pems;
  for (const Certificate& one : revoked) pems.push_back(one.certificate_pem);
  return make_revocation_list(impl_->root, pems);
}

const std::string& TestAuthority::root_pem() const noexcept { return impl_->root_pem; }

std::string TestAuthority::root_file() const { return write_file("root.pem", root_pem()); }

std::string TestAuthority::write_file(std::string_view name, std::string_view text) const {
  return impl_->folder.write(name, text);
}

}  // namespace docupilot::inline v1::testing
