#include "http/credentials_document.h"

#include "base/try.h"
#include "crypto/wipe.h"
#include "http/credential_source.h"
#include "json/json_reader.h"

namespace docupilot::inline v1::http {

namespace {

constexpr unsigned depth = 8;

Error bad(std::string_view what) {
  return Error(ErrorCode::corrupted, "the credentials document " + std::string(what)).operation("read credentials");
}

/// Moves a text member out; "" when it is not there or null. Nothing for another kind of value.
bool take(Value::Map& members, std::string_view name, Secret& into) {
  const auto found = members.find(name);
  if (found == members.end() || found->second.kind() == Value::Kind::null) return true;
  auto* const text = found->second.get_if<std::string>();
  if (text == nullptr) return false;
  into = Secret(*text);
  crypto::wipe(*text);
  return true;
}

Result<void> check_version(const Value::Map& members) {
  const auto found = members.find("Version");
  const auto* const number = found == members.end() ? nullptr : found->second.get_if<std::int64_t>();
  if (number == nullptr || *number != 1) return bad("does not have the Version 1");
  return {};
}

Result<void> check_code(const Value::Map& members) {
  const auto found = members.find("Code");
  if (found == members.end()) return {};
  const auto* const code = found->second.get_if<std::string>();
  if (code != nullptr && *code == "Success") return {};
  return Error(ErrorCode::not_found, "instance metadata has no credentials")
      .operation("read credentials")
      .service(200, code != nullptr ? *code : "", "")
      .hint("check the role of the instance and that EC2 may assume it");
}

}  // namespace

Result<Credentials> parse_credentials_document(std::string_view text, DocumentKind kind) {
  auto parsed = json::parse(text, depth);
  auto* const members = parsed ? parsed->get_if<Value::Map>() : nullptr;
  if (members == nullptr) return bad("is not a JSON object");
  if (kind == DocumentKind::process) DOCUPILOT_CHECK(check_version(*members));
  if (kind == DocumentKind::instance_metadata) DOCUPILOT_CHECK(check_code(*members));
  Secret key;
  Secret expiration;
  Credentials credentials;
  const char* const token = kind == DocumentKind::process ? "SessionToken" : "Token";
  if (!take(*members, "AccessKeyId", key) || !take(*members, "SecretAccessKey", credentials.secret_access_key) ||
      !take(*members, token, credentials.session_token) || !take(*members, "Expiration", expiration)) {
    return bad("has a member that is no text");
  }
  credentials.access_key_id = key.expose();
  if (!is_plain(credentials.access_key_id)) return bad("has no AccessKeyId");
  if (!is_plain(credentials.secret_access_key.expose())) return bad("has no SecretAccessKey");
  if (!credentials.session_token.empty() && !is_plain(credentials.session_token.expose())) {
    return bad(std::string("has a bad ") + token);
  }
  if (!expiration.empty()) {
    const auto time = Timestamp::parse(expiration.expose());
    if (!time) return bad("has an Expiration that is no time");
    credentials.expires = *time;
  }
  return credentials;
}

}  // namespace docupilot::inline v1::http
