#include "strict_s3.h"

#include <algorithm>
#include <cstdio>

#include <doctest/doctest.h>

namespace docupilot_test {

using docupilot::S3Options;
using docupilot::testing::RecordedRequest;
using docupilot::testing::Reply;
using docupilot::testing::Script;
using docupilot::testing::ScriptedServer;
using docupilot::testing::ServerOptions;

StrictS3::StrictS3(bool tls) : tls_(tls) {
  ServerOptions options{.body_limit = 32U << 20U};
  if (tls) options.tls = authority_.server();
  server_ = std::make_unique<ScriptedServer>(
      [this](const RecordedRequest&) {
        return Script{.respond = [this](const RecordedRequest& request) { return answer(request); }};
      },
      options);
}

S3Options StrictS3::options(S3Options options) const {
  options.bucket = "bucket";
  options.region = "eu-west-1";
  options.endpoint = server_->url();
  if (options.quirks.empty()) options.quirks = "aws";
  options.addressing = docupilot::S3Addressing::path;
  options.credentials = docupilot::http::static_credentials({.access_key_id = access_key_id,
                                                             .secret_access_key = docupilot::Secret(secret),
                                                             .session_token = docupilot::Secret(token),
                                                             .source = "test"});
  if (!options.transport) {
    options.transport =
        docupilot::http::make_transport({.tls = {.ca_file = authority_.root_file()}, .hooks = options.hooks});
  }
  return options;
}

std::unique_ptr<docupilot::S3Store> StrictS3::open(S3Options given) {
  auto store =
      docupilot::open_s3_store(options(std::move(given)), {.clock = &time_.clock(), .sleeper = &time_.sleeper()});
  REQUIRE_MESSAGE(store, store.error().to_string());
  return *std::move(store);
}

std::map<std::string, std::string> StrictS3::objects() const {
  const std::lock_guard lock(mutex_);
  return objects_;
}

std::vector<std::string> StrictS3::refusals() const {
  const std::lock_guard lock(mutex_);
  return refusals_;
}

std::vector<std::string> StrictS3::modes() const {
  const std::lock_guard lock(mutex_);
  return modes_;
}

Reply StrictS3::answer(const RecordedRequest& request) {
  const SignatureCheck::Verdict verdict = check_(request, tls_);
  const std::lock_guard lock(mutex_);
  if (!verdict.wrong.empty()) {
    refusals_.push_back(request.method + ' ' + request.target + ": " + verdict.wrong);
    return {.status = 403, .body = "<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>"};
  }
  modes_.push_back(verdict.mode);
  const auto query = SignatureCheck::query_of(request.target);
  const std::string key = SignatureCheck::key_of(request.target);
  const std::string etag = "\"e" + std::to_string(modes_.size()) + '"';
  const auto tagged = [&](int status, std::string body) {
    return Reply{.status = status, .headers = {{"ETag", etag}}, .body = std::move(body)};
  };
  if (key.empty()) {
    if (query.contains("list-type")) return {.body = "<ListBucketResult></ListBucketResult>"};
    if (query.contains("uploads")) return {.body = "<ListMultipartUploadsResult></ListMultipartUploadsResult>"};
    if (query.contains("delete")) return {.body = "<DeleteResult></DeleteResult>"};
    if (query.contains("policy") && request.method == "GET") return {.body = "{}"};
    return {.status = request.method == "PUT" || request.method == "HEAD" ? 200 : 204};
  }
  if (query.contains("tagging")) {
    return request.method == "GET" ? Reply{.body = "<Tagging><TagSet/></Tagging>"} : Reply{};
  }
  if (query.contains("uploads")) {
    uploads_["U"] = {};
    return {.body = "<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>"};
  }
  if (const auto upload = query.find("uploadId"); upload != query.end()) {
    auto& parts = uploads_[upload->second];
    if (request.method == "PUT") parts[std::stoi(query.at("partNumber"))] = verdict.body;
    if (request.method == "PUT") return tagged(200, "");
    if (request.method == "DELETE") return {.status = 204};
    if (request.method == "GET") return {.body = "<ListPartsResult></ListPartsResult>"};
    std::string whole;
    for (const auto& [number, part] : parts) whole += part;
    objects_[key] = whole;
    return tagged(200, "<CompleteMultipartUploadResult><ETag>" + etag + "</ETag></CompleteMultipartUploadResult>");
  }
  if (request.method == "PUT" && !request.header("x-amz-copy-source").empty()) {
    objects_[key] = objects_[SignatureCheck::key_of(request.header("x-amz-copy-source"))];
    return {.body = "<CopyObjectResult><ETag>" + etag + "</ETag></CopyObjectResult>"};
  }
  if (request.method == "PUT") {
    objects_[key] = verdict.body;
    return tagged(200, "");
  }
  if (request.method == "DELETE") {
    objects_.erase(key);
    return {.status = 204};
  }
  const auto found = objects_.find(key);
  if (found == objects_.end()) return {.status = 404, .body = "<Error><Code>NoSuchKey</Code></Error>"};
  if (request.method == "HEAD") {
    return {.headers = {{"ETag", etag}, {"Content-Length", std::to_string(found->second.size())}}};
  }
  const std::string& bytes = found->second;
  std::size_t first = 0;
  std::size_t last = bytes.size();
  const std::string range(request.header("range"));
  if (std::sscanf(range.c_str(), "bytes=%zu-%zu", &first, &last) < 1) return tagged(200, bytes);
  if (first >= bytes.size()) return {.status = 416, .body = "<Error><Code>InvalidRange</Code></Error>"};
  last = std::min(last, bytes.size() - 1);
  Reply part = tagged(206, bytes.substr(first, last - first + 1));
  part.headers.emplace_back("Content-Range", "bytes " + std::to_string(first) + '-' + std::to_string(last) + '/' +
                                                 std::to_string(bytes.size()));
  return part;
}

}  // namespace docupilot_test
