#include "http/sigv4.h"

#include "base/try.h"
#include "crypto/digest.h"
#include "http/hex.h"
#include "http/percent.h"

namespace docupilot::inline v1::http {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::int64_t longest_seconds = 7LL * 24 * 3600;

/// Takes the text's memory for what it returns.
std::string string_to_sign(std::string_view date, std::string_view scope, std::string text) {
  const auto hash = crypto::sha256(as_bytes(text));
  text.clear();
  (text += algorithm) += '\n';
  (text += date) += '\n';
  (text += scope) += '\n';
  append_hex(text, hash);
  return text;
}

}  // namespace

std::string payload_hash(ByteView body) {
  return body.empty() ? std::string(empty_payload) : hex(crypto::sha256(body));
}

std::string signing_date(Timestamp time) {
  std::string date = time.to_string();  // 2013-05-24T00:00:00[.123456]Z
  date.resize(19);
  std::erase_if(date, [](char c) { return c == '-' || c == ':'; });
  date += 'Z';
  return date;
}

Signer::Signer(std::string service, std::string region)
    : region_(region), is_s3_(service == "s3"), keys_(std::move(service), std::move(region)) {}

std::shared_ptr<const SigningKey> Signer::key(const Credentials& credentials, std::string_view date) {
  return keys_.get(credentials, date.substr(0, 8));
}

Result<Signed> Signer::sign(Request& request, const Credentials& credentials, Timestamp time,
                            std::string_view payload_hash) {
  Headers& headers = request.headers;
  headers.remove("authorization").remove("x-amz-security-token");
  DOCUPILOT_TRY(const UrlParts url, UrlParts::split(request.url));
  if (is_s3_) headers.set("x-amz-content-sha256", payload_hash);
  if (credentials.anonymous()) return Signed{};
  Signed done;
  done.date = signing_date(time);
  done.key = key(credentials, done.date);
  headers.set("x-amz-date", done.date);
  if (!credentials.session_token.empty()) {
    headers.set("x-amz-security-token", credentials.session_token.expose());
  }
  DOCUPILOT_TRY(CanonicalRequest canonical, canonical_request(is_s3_ ? PathRule::as_sent : PathRule::normalised,
                                                              request.method, url, headers, payload_hash));
  std::string authorization;
  authorization.reserve(320);
  (authorization += algorithm) += " Credential=";
  ((authorization += credentials.access_key_id) += '/') += done.key->scope;
  (authorization += ", SignedHeaders=") += canonical.signed_headers();
  done.signature = done.key->sign(string_to_sign(done.date, done.key->scope, std::move(canonical.text)));
  (authorization += ", Signature=") += done.signature;
  headers.set("authorization", authorization);
  return done;
}

Result<Secret> Signer::presign(std::string_view method, std::string_view url, const Headers& headers,
                               const Credentials& credentials, Timestamp time, Duration expires) {
  const std::int64_t seconds = expires.nanoseconds() / 1'000'000'000;
  if (seconds < 1 || seconds > longest_seconds) {
    return Error(ErrorCode::invalid_argument, "a signed URL cannot last " + std::to_string(seconds) + " seconds")
        .operation("presign")
        .hint("let it last 1 second to 7 days");
  }
  if (credentials.anonymous()) {
    return Error(ErrorCode::unauthenticated, "there are no credentials to sign a URL with")
        .operation("presign")
        .hint("give credentials; an object that everybody may read needs no signed URL");
  }
  DOCUPILOT_TRY(UrlParts parts, UrlParts::split(url));
  const std::string date = signing_date(time);
  const auto signing_key = key(credentials, date);
  // The list of signed headers is part of what is signed, so it has to be known before.
  DOCUPILOT_TRY(const CanonicalRequest names, canonical_request(PathRule::as_sent, method, parts, headers, ""));
  std::string query(parts.query);
  const auto add = [&query](std::string_view name, std::string_view value) {
    if (!query.empty()) query += '&';
    ((query += name) += '=') += percent_encode(value);
  };
  add("X-Amz-Algorithm", algorithm);
  add("X-Amz-Credential", credentials.access_key_id + '/' + signing_key->scope);
  add("X-Amz-Date", date);
  add("X-Amz-Expires", std::to_string(seconds));
  if (!credentials.session_token.empty()) add("X-Amz-Security-Token", credentials.session_token.expose());
  add("X-Amz-SignedHeaders", names.signed_headers());
  std::string sorted;
  DOCUPILOT_CHECK(append_canonical_query(sorted, query));
  parts.query = sorted;
  DOCUPILOT_TRY(CanonicalRequest canonical,
                canonical_request(is_s3_ ? PathRule::as_sent : PathRule::normalised, method, parts, headers,
                                  is_s3_ ? unsigned_payload : empty_payload));
  const std::string signature = signing_key->sign(string_to_sign(date, signing_key->scope, std::move(canonical.text)));
  std::string whole(url.substr(0, url.find('?')));
  (whole += '?') += sorted;
  return Secret((whole += "&X-Amz-Signature=") += signature);
}

}  // namespace docupilot::inline v1::http
