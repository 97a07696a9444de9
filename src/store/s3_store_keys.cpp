#include <algorithm>

#include "base/try.h"
#include "crypto/random.h"
#include "store/s3_object_store.h"
#include "store/s3_wire.h"

namespace docupilot::inline v1 {

namespace {

/// A key that nobody has, with the oddity in it; what a path would make of it is nobody's either.
std::string probe_key(const std::string& prefix, KeyOddity oddity) {
  const std::string name = "docupilot-key-probe-" + crypto::random_hex(16);
  switch (oddity) {
    case KeyOddity::leading_slash: return '/' + name;
    case KeyOddity::empty_segment: return prefix + name + "//a";
    case KeyOddity::dot_segment: return prefix + name + "/a/./../b";
  }
  return prefix + name;
}

}  // namespace

Result<void> S3ObjectStore::check_kept(const std::string& full, const StoreCall& call) const {
  S3KeyRule& rule = client_->key_rule();
  bool kept = !rule.has_paths() || !has_long_segment(full);
  for (const KeyOddity oddity : key_oddities) {
    if (!kept || !has_oddity(full, oddity)) continue;
    if (!rule.keeps(oddity)) {
      DOCUPILOT_TRY(const bool is_kept, try_out(oddity, full, call));
      rule.learn(oddity, is_kept);
    }
    kept = rule.keeps(oddity).value_or(false);
  }
  if (kept) return {};
  return call.error(ErrorCode::invalid_argument, "this server refuses the key or takes it for another one",
                    "leave out '//', '.', '..', a '/' in front and segments over 255 bytes");
}

Result<bool> S3ObjectStore::try_out(KeyOddity oddity, const std::string& full, const StoreCall& call) const {
  const std::string key = probe_key(client_->options().prefix, oddity);
  auto put =
      client_->call({.operation = call.operation, .target = call.target, .method = "PUT", .key = key}, call.context);
  if (!put) {
    const ErrorCode code = put.error().code();
    if (code == ErrorCode::invalid_argument) return false;
    if (code != ErrorCode::permission_denied) return call.name(std::move(put).error());
    // Who may not write can still see that the server has this very key.
    DOCUPILOT_TRY(const bool listed, is_listed(full, call));
    if (listed) return true;
    return call.error(
        ErrorCode::permission_denied, "these credentials may not try out whether the server keeps such a key as it is",
        "if you know that it does, open the store with a quirk profile that takes every key: quirks=ceph");
  }
  auto listed = is_listed(key, call);
  auto removed =
      client_->call({.operation = call.operation, .target = call.target, .method = "DELETE", .key = key}, call.context);
  if (listed && !removed) return call.name(std::move(removed).error());
  return listed;
}

Result<bool> S3ObjectStore::is_listed(const std::string& full, const StoreCall& call) const {
  S3Request request{.operation = call.operation, .target = call.target, .root = "ListBucketResult"};
  request.query = {{"list-type", "2"}, {"prefix", full}, {"max-keys", "1"}, {"encoding-type", "url"}};
  request.encoding_type = true;
  DOCUPILOT_TRY(const http::Response reply, client_->call(request, call.context));
  DOCUPILOT_TRY(const s3::ListPage page, call.named(s3::read_list(reply.body)));
  // The key comes before all others that begin with it.
  return !page.objects.empty() && page.objects.front().key == full;
}

}  // namespace docupilot::inline v1
