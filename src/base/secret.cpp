#include <docupilot/base/secret.h>

#include <ostream>
#include <utility>

#include "crypto/wipe.h"

namespace docupilot::inline v1 {

Secret::Secret() noexcept = default;
Secret::Secret(std::string_view plain) : plain_(plain) {}
Secret::~Secret() { crypto::wipe(plain_); }
Secret::Secret(const Secret& other) = default;
Secret::Secret(Secret&& other) noexcept : plain_(std::move(other.plain_)) { crypto::wipe(other.plain_); }

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    crypto::wipe(plain_);
    plain_ = other.plain_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    crypto::wipe(plain_);
    plain_ = std::move(other.plain_);
    crypto::wipe(other.plain_);
  }
  return *this;
}

std::string_view Secret::expose() const noexcept { return plain_; }
bool Secret::empty() const noexcept { return plain_.empty(); }
bool Secret::operator==(const Secret& other) const noexcept { return crypto::equal(plain_, other.plain_); }

std::ostream& operator<<(std::ostream& out, const Secret& secret) { return out << (secret.empty() ? "" : "***"); }

}  // namespace docupilot::inline v1
