#include "http/sigv4_post_policy.h"

#include <algorithm>

#include "json/base64.h"
#include "json/json_writer.h"

namespace docupilot::inline v1::http {

namespace {

constexpr std::string_view placeholder = "${filename}";

void write(json::Writer& out, const PostCondition& condition) {
  if (condition.kind == PostCondition::Kind::equals) {
    out.begin_object();
    out.member(condition.field, condition.value);
    out.end_object();
    return;
  }
  out.begin_array();
  if (condition.kind == PostCondition::Kind::starts_with) {
    out.value("starts-with");
    out.value('$' + condition.field);
    out.value(condition.value);
  } else {
    out.value("content-length-range");
    out.value(condition.minimum);
    out.value(condition.maximum);
  }
  out.end_array();
}

bool names(const std::vector<PostCondition>& conditions, const std::string& field) {
  return std::ranges::any_of(conditions, [&](const PostCondition& c) { return c.field == field; });
}

}  // namespace

Result<PostForm> sign_post_policy(Signer& signer, const PostPolicy& policy, const Credentials& credentials,
                                  Timestamp time) {
  if (credentials.anonymous()) {
    return Error(ErrorCode::unauthenticated, "there are no credentials to sign a form with").operation("sign form");
  }
  const std::string date = signing_date(time);
  const auto key = signer.key(credentials, date);
  std::vector<PostCondition> conditions = policy.conditions;
  PostForm form;
  const auto add = [&](const std::string& field, const std::string& value) {
    if (!names(conditions, field)) conditions.push_back({.field = field, .value = value});
    form.fields.emplace_back(field, value);
  };
  for (const auto& [field, value] : policy.fields) add(field, value);
  conditions.push_back({.field = "bucket", .value = policy.bucket});
  // The name of the file is put in by the server, so only what stands before it can be fixed.
  if (policy.key.ends_with(placeholder) && !names(conditions, "key")) {
    conditions.push_back({.kind = PostCondition::Kind::starts_with,
                          .field = "key",
                          .value = policy.key.substr(0, policy.key.size() - placeholder.size())});
  }
  add("key", policy.key);
  add("x-amz-algorithm", "AWS4-HMAC-SHA256");
  add("x-amz-credential", credentials.access_key_id + '/' + key->scope);
  add("x-amz-date", date);
  if (!credentials.session_token.empty()) {
    add("x-amz-security-token", std::string(credentials.session_token.expose()));
  }
  for (std::size_t i = 0; i < form.fields.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (form.fields[i].first == form.fields[j].first) {
        return Error(ErrorCode::invalid_argument, "the form field '" + form.fields[i].first + "' is given twice")
            .operation("sign form");
      }
    }
  }

  const Timestamp end{time.microseconds + policy.expires.nanoseconds() / 1000};
  json::Writer out;
  out.begin_object();
  out.member("expiration", end.to_string());
  out.key("conditions");
  out.begin_array();
  for (const PostCondition& condition : conditions) write(out, condition);
  out.end_array();
  out.end_object();
  form.policy = std::move(out).text();
  const std::string encoded = to_base64(as_bytes(form.policy));
  form.fields.emplace_back("policy", encoded);
  form.fields.emplace_back("x-amz-signature", key->sign(encoded));
  return form;
}

}  // namespace docupilot::inline v1::http
