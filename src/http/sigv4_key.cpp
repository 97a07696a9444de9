#include "http/sigv4_key.h"

#include "crypto/hmac.h"
#include "http/hex.h"

namespace docupilot::inline v1::http {

namespace {

Secret derive(const Credentials& credentials, std::string_view date, std::string_view region,
              std::string_view service) {
  const Secret start("AWS4" + std::string(credentials.secret_access_key.expose()));
  auto key = crypto::hmac_sha256(as_bytes(start.expose()), as_bytes(date));
  for (const std::string_view step : {region, service, std::string_view("aws4_request")}) {
    key = crypto::hmac_sha256(key, as_bytes(step));
  }
  return Secret(as_text(key));
}

}  // namespace

std::string SigningKey::sign(std::string_view string_to_sign) const {
  return hex(crypto::hmac_sha256(as_bytes(key.expose()), as_bytes(string_to_sign)));
}

SigningKeyCache::SigningKeyCache(std::string service, std::string region)
    : service_(std::move(service)), region_(std::move(region)) {}

std::shared_ptr<const SigningKey> SigningKeyCache::get(const Credentials& credentials, std::string_view date) {
  std::shared_ptr<const SigningKey> held;
  {
    const std::scoped_lock lock(mutex_);
    held = last_;
  }
  if (held && held->date == date && held->access_key_id == credentials.access_key_id &&
      held->secret_access_key == credentials.secret_access_key) {
    return held;
  }
  auto made = std::make_shared<SigningKey>();
  made->access_key_id = credentials.access_key_id;
  made->secret_access_key = credentials.secret_access_key;
  made->date = date;
  made->scope = std::string(date) + '/' + region_ + '/' + service_ + "/aws4_request";
  made->key = derive(credentials, date, region_, service_);
  const std::scoped_lock lock(mutex_);
  last_ = std::move(made);
  return last_;
}

}  // namespace docupilot::inline v1::http
