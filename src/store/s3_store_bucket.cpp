#include <algorithm>

#include "base/try.h"
#include "crypto/digest.h"
#include "http/sigv4_post_policy.h"
#include "json/base64.h"
#include "store/s3_errors.h"
#include "store/s3_object_store.h"
#include "store/s3_wire.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t most_removed = 1000;  // a request
constexpr std::size_t most_tags = 10;

/// Such requests need a checksum of their body. MD5 is the one that every server knows.
void add_md5(S3Request& request) {
  auto md5 = crypto::Digest::md5();
  if (!md5) {
    request.checksum = true;
    return;
  }
  std::array<std::byte, 16> digest;
  md5->update(request.body);
  md5->finish(digest);
  request.headers.set("content-md5", to_base64(digest));
}

S3Request with_xml(std::string_view operation, std::string_view target, std::string method, std::string_view xml) {
  S3Request request{.operation = operation, .target = target, .method = std::move(method)};
  request.headers.set("content-type", "application/xml");
  request.body = as_bytes(xml);
  add_md5(request);
  return request;
}

}  // namespace

Result<std::vector<S3RemoveFailure>> S3ObjectStore::remove_many(const std::vector<std::string>& keys,
                                                                const Context& context) {
  const StoreCall call{"s3", "remove_many", client_->options().bucket, context};
  std::vector<S3RemoveFailure> failures;
  std::vector<std::string> some;
  DOCUPILOT_CHECK(call.check());
  for (const std::string& key : keys) {
    auto full = full_key(key, call);
    if (!full) {
      failures.push_back({key, std::move(full).error()});
      continue;
    }
    some.push_back(*std::move(full));
    if (some.size() < most_removed) continue;
    DOCUPILOT_CHECK(remove_some(some, failures, call));
    some.clear();
  }
  if (!some.empty()) DOCUPILOT_CHECK(remove_some(some, failures, call));
  return failures;
}

Result<void> S3ObjectStore::remove_some(const std::vector<std::string>& keys, std::vector<S3RemoveFailure>& failures,
                                        const StoreCall& call) {
  const std::string body = s3::write_remove(keys);
  S3Request request = with_xml(call.operation, call.target, "POST", body);
  request.query = {{"delete", ""}};
  DOCUPILOT_TRY(const http::Response reply, client_->call(request, call.context));
  DOCUPILOT_TRY(const auto failed, call.named(s3::read_remove_result(reply.body)));
  const http::Redactor redact = failed.empty() ? http::Redactor() : client_->redactor(call.context);
  for (const s3::RemoveFailure& one : failed) {
    if (one.code == "NoSuchKey") continue;
    const std::string key = one.key.substr(std::min(client_->options().prefix.size(), one.key.size()));
    Error error = http::cleaned(s3::error_of_code(one.code, one.message), redact);
    failures.push_back({.key = key, .error = call.name(std::move(error)).target(redact(key))});
  }
  return {};
}

Result<void> S3ObjectStore::set_tags(const std::string& key, const std::map<std::string, std::string>& tags,
                                     const Context& context) {
  const StoreCall call{"s3", "set_tags", key, context};
  if (tags.size() > most_tags) {
    return call.error(ErrorCode::too_large, "more than 10 tags were given", "keep what is more in the metadata store");
  }
  const std::string body = s3::write_tags(tags);
  S3Request request = with_xml(call.operation, key, "PUT", body);
  DOCUPILOT_TRY(request.key, full_key(key, call));
  request.query = {{"tagging", ""}};
  auto reply = client_->call(request, context);
  if (!reply) return call.name(std::move(reply).error());
  return {};
}

Result<std::map<std::string, std::string>> S3ObjectStore::tags(const std::string& key, const Context& context) {
  const StoreCall call{"s3", "tags", key, context};
  S3Request request{.operation = call.operation, .target = key, .root = "Tagging"};
  DOCUPILOT_TRY(request.key, full_key(key, call));
  request.query = {{"tagging", ""}};
  DOCUPILOT_TRY(const http::Response reply, client_->call(request, context));
  return call.named(s3::read_tags(reply.body));
}

Result<void> S3ObjectStore::create_bucket(const Context& context) {
  const std::string region = client_->place()->signer->region();
  const StoreCall call{"s3", "create_bucket", client_->options().bucket, context};
  // The oldest region is the one that has no name here.
  const std::string body = region == "us-east-1" ? std::string() : s3::write_bucket_location(region);
  S3Request request{.operation = call.operation, .target = call.target, .method = "PUT"};
  if (!body.empty()) request.headers.set("content-type", "application/xml");
  request.body = as_bytes(body);
  auto reply = client_->call(request, context);
  if (!reply) return call.name(std::move(reply).error());
  return {};
}

Result<bool> S3ObjectStore::bucket_exists(const Context& context) {
  const StoreCall call{"s3", "bucket_exists", client_->options().bucket, context};
  auto reply = client_->call({.operation = call.operation, .target = call.target, .method = "HEAD"}, context);
  if (reply) return true;
  if (reply.error().http_status() == 404) return false;
  return call.name(std::move(reply).error());
}

Result<std::string> S3ObjectStore::bucket_policy(const Context& context) {
  const StoreCall call{"s3", "bucket_policy", client_->options().bucket, context};
  S3Request request{.operation = call.operation, .target = call.target};
  request.query = {{"policy", ""}};
  auto reply = client_->call(request, context);
  if (reply) return std::move(reply->body);
  if (reply.error().service_code() == "NoSuchBucketPolicy") return std::string();
  return call.name(std::move(reply).error());
}

Result<void> S3ObjectStore::set_bucket_policy(std::string_view json, const Context& context) {
  const StoreCall call{"s3", "set_bucket_policy", client_->options().bucket, context};
  S3Request request{.operation = call.operation, .target = call.target, .method = json.empty() ? "DELETE" : "PUT"};
  request.query = {{"policy", ""}};
  if (!json.empty()) {
    request.headers.set("content-type", "application/json");
    request.body = as_bytes(json);
    add_md5(request);
  }
  auto reply = client_->call(request, context);
  if (!reply) return call.name(std::move(reply).error());
  return {};
}

Result<S3PostForm> S3ObjectStore::presign_post(const std::string& key, const S3PostOptions& options,
                                               const Context& context) {
  const StoreCall call{"s3", "presign_post", key, context};
  http::PostPolicy policy{.bucket = client_->options().bucket, .expires = options.expires};
  DOCUPILOT_TRY(policy.key, full_key(key, call));
  DOCUPILOT_CHECK(call.check());
  if (!options.content_type.empty()) policy.fields.emplace_back("Content-Type", options.content_type);
  policy.conditions.push_back(
      {.kind = http::PostCondition::Kind::size_between, .minimum = 0, .maximum = options.maximum_size});
  DOCUPILOT_TRY(const auto who, client_->credentials(context));
  DOCUPILOT_TRY(const auto place, call.named(client_->known_place(context)));
  DOCUPILOT_TRY(const http::PostForm signed_form,
                call.named(http::sign_post_policy(*place->signer, policy, *who, client_->now())));
  S3PostForm form{.url = place->public_endpoint.url({}, {}), .fields = {}};
  for (const auto& [name, value] : signed_form.fields) form.fields.emplace_back(name, Secret(value));
  return form;
}

}  // namespace docupilot::inline v1
