#include <algorithm>

#include "base/try.h"
#include "base/utf8.h"
#include "store/s3_download.h"
#include "store/s3_metadata.h"
#include "store/s3_part_sender.h"
#include "store/s3_wire.h"
#include "store/store_rules.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t most_listed = 1000;  // a page, whatever is asked for

/// The longest front of a prefix that can be sent: keys are UTF-8, prefixes need not be.
std::string sendable(std::string_view prefix) {
  std::size_t end = 0;
  while (end < prefix.size()) {
    const std::size_t length = utf8_sequence(prefix.substr(end));
    if (length == 0) break;
    end += length;
  }
  return std::string(prefix.substr(0, end));
}

}  // namespace

S3ObjectStore::S3ObjectStore(std::unique_ptr<S3Client> client)
    : client_(std::move(client)), sender_(std::make_unique<S3PartSender>(*this, *client_)) {}

StoreCapabilities S3ObjectStore::capabilities() const {
  return {.conditional_put = client_->has_atomic_conditions(),
          .attributes = true,
          .multipart = true,
          .presign = true,
          .remote = true,
          .any_key = client_->key_rule().keeps_all(),
          .attribute_cost = s3::attribute_cost,
          .maximum_object_size = client_->quirks().maximum_object,
          .minimum_part_size = std::uint64_t{5} << 20U,
          .equal_parts = client_->quirks().equal_parts};
}

Result<std::string> S3ObjectStore::full_key(const std::string& key, const StoreCall& call) const {
  DOCUPILOT_CHECK(call.named(check_object_key(key)));
  std::string full = client_->options().prefix + key;
  DOCUPILOT_CHECK(call.named(check_object_key(full)));
  DOCUPILOT_CHECK(check_kept(full, call));
  return full;
}

Result<ObjectInfo> S3ObjectStore::head_of(const std::string& key, const StoreCall& call) {
  DOCUPILOT_TRY(Marked there, marked_head(key, call));
  return std::move(there.object);
}

Result<S3ObjectStore::Marked> S3ObjectStore::marked_head(const std::string& key, const StoreCall& call) {
  DOCUPILOT_TRY(std::string full, full_key(key, call));
  S3Request request{.operation = call.operation, .target = key, .method = "HEAD", .key = std::move(full)};
  // For an encrypted object the checksum takes a permission that the rest does not.
  const bool encrypted = client_->options().encryption.kind == S3Encryption::Kind::kms;
  if (client_->quirks().checksum_reads && !encrypted) request.headers.set("x-amz-checksum-mode", "ENABLED");
  auto reply = client_->call(request, call.context);
  if (!reply) {
    if (reply.error().http_status() == 404) return call.instead(call.not_found(), reply.error());
    return call.name(std::move(reply).error());
  }
  Marked there;
  there.object.key = key;
  there.object.size = s3::whole_size(reply->headers).value_or(0);
  s3::read_metadata(reply->headers, there.object);
  there.mark = reply->headers.get(s3::mark_header);
  return there;
}

std::string S3ObjectStore::location() const {
  const S3Options& options = client_->options();
  const S3Endpoint& endpoint = client_->place()->endpoint;
  std::string host = (endpoint.is_https() ? "https://" : "http://") + endpoint.host();
  // Names of buckets are shared by all regions, which may change under way.
  if (endpoint.is_aws()) host = endpoint.host().ends_with(".cn") ? "AWS China" : "AWS";
  return "s3://" + options.bucket + '/' + options.prefix + " at " + host;
}

Result<ObjectInfo> S3ObjectStore::head(const std::string& key, const Context& context) {
  return head_of(key, {"s3", "head", key, context});
}

Result<ObjectInfo> S3ObjectStore::get(const std::string& key, Writer& into, const GetOptions& options,
                                      const Context& context) {
  const StoreCall call{"s3", "get", key, context};
  DOCUPILOT_TRY(std::string full, full_key(key, call));
  DOCUPILOT_CHECK(call.named(check_etag(options.if_match)));
  // Nothing is wanted: what is left is to see whether it could be.
  const bool nothing = options.length == std::uint64_t{0} || options.offset > INT64_MAX;
  if (!nothing) {
    s3::Download download(into, options, client_->quirks().checksum_reads, call);
    S3Request request{.operation = "get", .target = key, .key = std::move(full)};
    download.attach(request);
    auto reply = client_->call(request, context);
    if (download.error()) return *download.error();
    DOCUPILOT_CHECK(call.check());
    if (reply) return download.finish();
    if (reply.error().http_status() != 416) {
      if (reply.error().service_code() == "NoSuchKey") return call.instead(call.not_found(), reply.error());
      return download.explain(std::move(reply).error());
    }
  }
  // A range that begins at the end or behind it, or in an empty object.
  DOCUPILOT_TRY(ObjectInfo info, head_of(key, call));
  if (!options.if_match.empty() && info.etag != options.if_match) return call.precondition_failed();
  DOCUPILOT_CHECK(call.named(end_of_range(options, info.size)));
  if (!nothing && options.offset < info.size) {
    return call.error(ErrorCode::conflict, "the object was replaced while it was read", "read it again");
  }
  return info;
}

Result<ObjectPage> S3ObjectStore::list(const ListOptions& options, const Context& context) {
  const StoreCall call{"s3", "list", options.prefix, context};
  ListOptions checked = options;
  checked.page_token.clear();  // the server's own, which need not begin with the prefix
  DOCUPILOT_CHECK(call.named(check_list_options(checked)));
  const std::string& before = client_->options().prefix;
  S3Request request{.operation = "list", .target = options.prefix, .root = "ListBucketResult"};
  request.query = {{"list-type", "2"},
                   {"prefix", sendable(before + options.prefix)},
                   {"max-keys", std::to_string(std::min(options.limit, most_listed))},
                   {"encoding-type", "url"}};
  request.encoding_type = true;
  if (!options.delimiter.empty()) request.query.emplace_back("delimiter", options.delimiter);
  if (!options.page_token.empty()) request.query.emplace_back("continuation-token", options.page_token);
  DOCUPILOT_TRY(const http::Response reply, client_->call(request, context));
  DOCUPILOT_TRY(s3::ListPage read, call.named(s3::read_list(reply.body)));
  if (read.truncated && read.next_token == options.page_token) {
    return call.error(ErrorCode::corrupted, "the list does not go on", "check that the endpoint speaks S3");
  }
  ObjectPage page;
  const std::string wanted = before + options.prefix;
  for (ObjectInfo& object : read.objects) {
    if (!object.key.starts_with(wanted)) continue;
    object.key.erase(0, before.size());
    page.objects.push_back(std::move(object));
  }
  for (const std::string& prefix : read.prefixes) {
    if (prefix.starts_with(wanted)) page.prefixes.push_back(prefix.substr(before.size()));
  }
  if (read.truncated) page.next_page_token = std::move(read.next_token);
  return page;
}

Result<void> S3ObjectStore::remove(const std::string& key, const Context& context) {
  const StoreCall call{"s3", "remove", key, context};
  DOCUPILOT_TRY(std::string full, full_key(key, call));
  auto reply =
      client_->call({.operation = "remove", .target = key, .method = "DELETE", .key = std::move(full)}, context);
  if (reply || reply.error().service_code() == "NoSuchKey") return {};
  return call.name(std::move(reply).error());
}

Result<Secret> S3ObjectStore::presign(const std::string& key, const PresignOptions& options, const Context& context) {
  const StoreCall call{"s3", "presign", key, context};
  DOCUPILOT_TRY(std::string full, full_key(key, call));
  DOCUPILOT_CHECK(call.check());
  DOCUPILOT_CHECK(call.named(check_put_options({.content_type = options.content_type})));
  const bool is_put = options.method == PresignOptions::Method::put;
  S3Request request{.operation = "presign", .target = key, .method = is_put ? "PUT" : "GET", .key = std::move(full)};
  if (is_put && !options.content_type.empty()) request.headers.set("content-type", options.content_type);
  return call.named(client_->presign(request, options.expires, context));
}

}  // namespace docupilot::inline v1
