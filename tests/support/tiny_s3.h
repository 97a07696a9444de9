#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <docupilot/source/content_hash.h>
#include <docupilot/testing/ledger.h>
#include <docupilot/testing/reply.h>

#include "crypto/digest.h"
#include "http/hex.h"
#include "store/s3_body.h"

namespace docupilot_test {

/// As much of S3 as tests of faults need, with its objects in memory: what a ScriptedServer answers by default. A
/// request has its effect when it is answered, so that a test can lose the reply of one that was done. Keys are paths
/// as they come, "/bucket/key". Any thread.
class TinyS3 {
 public:
  using Reply = docupilot::testing::Reply;
  using Request = docupilot::testing::RecordedRequest;

  /// Keeps a CRC64NVME of each part and object and tells it, and refuses bodies that come with another one.
  bool checksums = false;
  /// The body's bytes as they were signed; nothing when they are not.
  std::function<std::optional<std::string>(const Request&)> content = &TinyS3::signed_content;

  /// Does what is asked. A body that is not the one that was signed, or not whole, is refused.
  [[nodiscard]] Reply answer(const Request& request) {
    const std::lock_guard lock(mutex_);
    Reply reply = act(request);
    reply.headers.emplace_back("x-amz-request-id", "REQ" + std::to_string(request.number));
    return reply;
  }
  /// The object's bytes, if there is one.
  [[nodiscard]] std::optional<std::string> object(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(path);
    return found == objects_.end() ? std::nullopt : std::optional(found->second.bytes);
  }
  void keep(const std::string& path, std::string bytes) {
    const std::lock_guard lock(mutex_);
    Object made{.bytes = std::move(bytes)};
    made.etag = md5(made.bytes);
    objects_[path] = std::move(made);
  }
  /// Begins an upload, as a request does, and returns its id.
  std::string begin(const std::string& path, std::vector<docupilot::testing::Field> metadata = {}) {
    const std::lock_guard lock(mutex_);
    return begin_locked(path, std::move(metadata));
  }
  /// As MinIO does when the connection of a completion breaks off in the middle of it: no upload has parts any more,
  /// and those that come again do not complete it.
  void cut_completions() {
    const std::lock_guard lock(mutex_);
    for (auto& [id, upload] : uploads_) {
      upload.parts.clear();
      upload.is_broken = true;
    }
  }
  [[nodiscard]] std::size_t uploads() const {
    const std::lock_guard lock(mutex_);
    return uploads_.size();
  }
  [[nodiscard]] static std::string md5(const std::string& bytes) { return docupilot::http::hex(raw_md5(bytes)); }

 private:
  struct Object {
    std::string bytes;
    std::string etag = {};
    std::vector<docupilot::testing::Field> metadata = {};
  };
  struct Upload {
    std::string path;
    std::vector<docupilot::testing::Field> metadata;
    std::map<int, std::string> parts = {};
    bool is_broken = false;
    std::string started = docupilot::Clock::system().now().to_string();
  };

  static std::array<std::byte, 16> raw_md5(const std::string& bytes) {
    std::array<std::byte, 16> digest{};
    auto md5 = docupilot::crypto::Digest::md5();
    md5->update(docupilot::as_bytes(bytes));
    md5->finish(digest);
    return digest;
  }
  static Reply refusal(int status, const std::string& code) {
    return {.status = status, .body = "<Error><Code>" + code + "</Code><Message>said the server</Message></Error>"};
  }
  static std::string between(const std::string& text, const std::string& before, const std::string& after) {
    const std::size_t at = text.find(before);
    if (at == std::string::npos) return {};
    const std::size_t begin = at + before.size();
    return text.substr(begin, text.find(after, begin) - begin);
  }
  static std::vector<docupilot::testing::Field> metadata_of(const Request& request) {
    std::vector<docupilot::testing::Field> metadata;
    for (const auto& [name, value] : request.headers) {
      if (name.starts_with("x-amz-meta-") || name.starts_with("X-Amz-Meta-")) metadata.emplace_back(name, value);
    }
    return metadata;
  }
  static std::optional<std::string> signed_content(const Request& request) {
    if (request.body.size() != request.body_bytes) return std::nullopt;
    const std::string hash(request.header("x-amz-content-sha256"));
    if (!hash.starts_with("STREAMING-")) {
      const bool same = hash == "UNSIGNED-PAYLOAD" ||
                        docupilot::http::hex(docupilot::crypto::sha256(docupilot::as_bytes(request.body))) == hash;
      return same ? std::optional(request.body) : std::nullopt;
    }
    std::string bytes;
    for (std::size_t at = 0; at < request.body.size();) {
      std::size_t size = 0;
      const char* const begin = request.body.data() + at;
      std::from_chars(begin, request.body.data() + request.body.size(), size, 16);
      at = request.body.find("\r\n", at) + 2;
      if (size == 0) break;
      bytes += request.body.substr(at, size);
      at += size + 2;
    }
    if (std::to_string(bytes.size()) != request.header("x-amz-decoded-content-length")) return std::nullopt;
    return bytes;
  }

  static std::string checksum_of(const std::string& bytes) {
    return docupilot::s3::to_checksum(docupilot::crc64nvme(docupilot::as_bytes(bytes)));
  }
  /// Whether the body is the one that its sender's checksum, in a header or trailer, is of.
  [[nodiscard]] bool is_intact(const Request& request, const std::string& bytes) const {
    std::string said(request.header(docupilot::s3::checksum_header));
    const std::string name = std::string(docupilot::s3::checksum_header) + ':';
    // Trailers are short; to look for one in all of a body takes seconds under a sanitizer.
    const std::string end = request.body.substr(request.body.size() - std::min<std::size_t>(request.body.size(), 1024));
    if (const std::size_t at = end.rfind(name); at != std::string::npos && said.empty()) {
      said = between(end.substr(at), name, "\r\n");
    }
    return !checksums || request.method != "PUT" || said.empty() || said == checksum_of(bytes);
  }
  [[nodiscard]] Reply stored(const std::string& bytes) const {
    Reply reply{.headers = {{"ETag", '"' + md5(bytes) + '"'}}};
    if (checksums) reply.headers.emplace_back(docupilot::s3::checksum_header, checksum_of(bytes));
    return reply;
  }

  std::string begin_locked(const std::string& path, std::vector<docupilot::testing::Field> metadata) {
    std::string id = "UPLOAD" + std::to_string(++begun_);
    uploads_[id] = {.path = path, .metadata = std::move(metadata)};
    return id;
  }

  Reply act(const Request& request) {
    if (!request.complete) return refusal(400, "IncompleteBody");
    const auto bytes = content(request);
    if (!bytes) return refusal(400, "XAmzContentSHA256Mismatch");
    if (!is_intact(request, *bytes)) return refusal(400, "BadDigest");
    const std::string path = request.target.substr(0, request.target.find('?'));
    const std::string query = request.target.substr(path.size());
    if (path.find('/', 1) == std::string::npos && request.method == "PUT") return {};  // a bucket
    if (path.find('/', 1) == std::string::npos && query.find("uploads=") != std::string::npos) return list_uploads();
    const std::string upload = between(query, "uploadId=", "&");
    if (!upload.empty()) return multipart(request, path, query, upload, *bytes);
    if (request.method == "POST" && query == "?uploads=") {
      const std::string id = begin_locked(path, metadata_of(request));
      return {.body = "<InitiateMultipartUploadResult><UploadId>" + id + "</UploadId></InitiateMultipartUploadResult>"};
    }
    if (query.find("list-type=2") != std::string::npos) return list(path);
    if (request.method == "PUT") return put(request, path, *bytes);
    if (request.method == "DELETE") {
      objects_.erase(path);
      return {.status = 204};
    }
    return get(request, path);
  }

  Reply put(const Request& request, const std::string& path, const std::string& bytes) {
    const std::string source(request.header("x-amz-copy-source"));
    const auto there = objects_.find(path);
    if (request.header("if-none-match") == "*" && there != objects_.end()) return refusal(412, "PreconditionFailed");
    const std::string_view match = request.header("if-match");
    if (!match.empty() && (there == objects_.end() || '"' + there->second.etag + '"' != match)) {
      return refusal(412, "PreconditionFailed");
    }
    if (source.empty()) {
      Object made{.bytes = bytes, .etag = md5(bytes), .metadata = metadata_of(request)};
      objects_[path] = made;
      return stored(bytes);
    }
    const auto from = objects_.find(source);
    if (from == objects_.end()) return refusal(404, "NoSuchKey");
    const Object copied = from->second;
    objects_[path] = copied;
    return {.body = "<CopyObjectResult><ETag>&quot;" + copied.etag +
                    "&quot;</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified></CopyObjectResult>"};
  }

  Reply get(const Request& request, const std::string& path) {
    const auto found = objects_.find(path);
    if (found == objects_.end()) {
      return request.method == "HEAD" ? Reply{.status = 404} : refusal(404, "NoSuchKey");
    }
    const Object& object = found->second;
    Reply reply{.headers = {{"ETag", '"' + object.etag + '"'}, {"Content-Type", "application/octet-stream"}},
                .body = object.bytes};
    reply.headers.insert(reply.headers.end(), object.metadata.begin(), object.metadata.end());
    const std::string_view match = request.header("if-match");
    if (!match.empty() && match != '"' + object.etag + '"') return refusal(412, "PreconditionFailed");
    if (const std::string range(request.header("range")); !range.empty()) {
      const std::size_t size = object.bytes.size();
      const std::string first = between(range, "bytes=", "-");
      const std::string last = range.substr(range.find('-') + 1);
      const std::size_t begin = std::stoul(first);
      if (begin >= size) return refusal(416, "InvalidRange");
      const std::size_t end = last.empty() ? size : std::min<std::size_t>(std::stoul(last) + 1, size);
      reply.status = 206;
      reply.body = object.bytes.substr(begin, end - begin);
      reply.headers.emplace_back("Content-Range",
                                 "bytes " + first + '-' + std::to_string(end - 1) + '/' + std::to_string(size));
    } else if (checksums && request.header("x-amz-checksum-mode") == "ENABLED") {
      reply.headers.emplace_back(docupilot::s3::checksum_header, checksum_of(object.bytes));
      reply.headers.emplace_back("x-amz-checksum-type", "FULL_OBJECT");
    }
    if (request.method == "HEAD") reply.headers.emplace_back("Content-Length", std::to_string(reply.body.size()));
    return reply;
  }

  Reply list(const std::string& bucket) const {
    std::string body = "<ListBucketResult><IsTruncated>false</IsTruncated>";
    for (const auto& [path, object] : objects_) {
      if (!path.starts_with(bucket + '/')) continue;
      body += "<Contents><Key>" + path.substr(bucket.size() + 1) + "</Key><Size>" +
              std::to_string(object.bytes.size()) + "</Size><ETag>" + object.etag +
              "</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>";
    }
    return {.body = body + "</ListBucketResult>"};
  }

  [[nodiscard]] Reply list_uploads() const {
    std::string body = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>";
    for (const auto& [id, upload] : uploads_) {
      body += "<Upload><Key>" + upload.path.substr(upload.path.find('/', 1) + 1) + "</Key><UploadId>" + id +
              "</UploadId><Initiated>" + upload.started + "</Initiated></Upload>";
    }
    return {.body = body + "</ListMultipartUploadsResult>"};
  }

  Reply multipart(const Request& request, const std::string& path, const std::string& query, const std::string& id,
                  const std::string& bytes) {
    const auto found = uploads_.find(id);
    if (found == uploads_.end() || found->second.path != path) return refusal(404, "NoSuchUpload");
    Upload& upload = found->second;
    if (request.method == "PUT") {
      upload.parts[std::stoi(between(query, "partNumber=", "&"))] = bytes;
      return stored(bytes);
    }
    if (request.method == "DELETE") {
      uploads_.erase(found);
      return {.status = 204};
    }
    if (request.method == "GET") {
      std::string body = "<ListPartsResult><IsTruncated>false</IsTruncated>";
      for (const auto& [number, part] : upload.parts) {
        body += "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><Size>" + std::to_string(part.size()) +
                "</Size><ETag>" + md5(part) + "</ETag>" +
                (checksums ? "<ChecksumCRC64NVME>" + checksum_of(part) + "</ChecksumCRC64NVME>" : "") + "</Part>";
      }
      return {.body = body + "</ListPartsResult>"};
    }
    return complete(request, found, path, bytes);
  }

  Reply complete(const Request& request, std::map<std::string, Upload>::iterator found, const std::string& path,
                 const std::string& wanted) {
    if (request.header("if-none-match") == "*" && objects_.contains(path)) return refusal(412, "PreconditionFailed");
    if (found->second.is_broken) return refusal(400, found->second.parts.empty() ? "InvalidPart" : "BadDigest");
    Object made{.bytes = {}, .etag = {}, .metadata = found->second.metadata};
    std::string digests;
    std::size_t count = 0;
    for (std::size_t at = 0; (at = wanted.find("<Part>", at)) != std::string::npos; ++at, ++count) {
      const std::string one = wanted.substr(at, wanted.find("</Part>", at) - at);
      const auto part = found->second.parts.find(std::stoi(between(one, "<PartNumber>", "<")));
      const bool same = part != found->second.parts.end() && one.find(md5(part->second)) != std::string::npos;
      if (!same) return refusal(400, "InvalidPart");
      made.bytes += part->second;
      digests += docupilot::as_text(docupilot::ByteView(raw_md5(part->second)));
    }
    made.etag = md5(digests) + '-' + std::to_string(count);
    objects_[path] = made;
    uploads_.erase(found);
    return {.body = "<CompleteMultipartUploadResult><ETag>&quot;" + made.etag +
                    "&quot;</ETag></CompleteMultipartUploadResult>"};
  }

  mutable std::mutex mutex_;
  std::map<std::string, Object> objects_;
  std::map<std::string, Upload> uploads_;
  unsigned begun_ = 0;
};

}  // namespace docupilot_test
