#include "store.h"

#include <charconv>
#include <utility>

#include "checksum.h"
#include "http/hex.h"

namespace sink {

namespace {

constexpr const char* modified = "2026-01-01T00:00:00.000Z";

Reply no_such_upload() { return refuse({.status = 404, .code = "NoSuchUpload", .message = "there is no such upload"}); }

std::string md5_hex(std::string_view bytes) {
  const auto md5 = Checksum::named("md5");
  md5->update(docupilot::as_bytes(bytes));
  return docupilot::http::hex(docupilot::as_bytes(from_base64(md5->finish()).value_or("")));
}

std::string quoted(const std::string& etag) { return '"' + etag + '"'; }

// Of "/bucket/key".
std::string bucket_of(const std::string& path) { return path.substr(0, path.find('/', 1)); }
std::string key_of(const std::string& path) {
  const std::size_t slash = path.find('/', 1);
  return slash == std::string::npos ? std::string() : path.substr(slash + 1);
}

}  // namespace

int Store::next_attempt(const std::string& path, int part) {
  const std::scoped_lock lock(mutex_);
  return attempts_[{path, part}]++;
}

// Where bytes are not looked at an ETag must not look like an MD5, which some clients would compare.
std::string Store::etag_of(const Content& content, bool verified) {
  if (verified) return md5_hex(content.bytes);
  std::string etag = std::to_string(++made_);
  etag.insert(0, 32 - etag.size(), '0');
  return etag + "-1";
}

Reply Store::put_object(const std::string& path, Content content, bool verified, Fields metadata) {
  const std::scoped_lock lock(mutex_);
  Object object{.size = content.size, .etag = etag_of(content, verified), .metadata = std::move(metadata)};
  if (verified) object.sha256 = sha256_hex(docupilot::as_bytes(content.bytes));
  Reply reply{.headers = {{"ETag", quoted(object.etag)}}};
  counters_.data_bytes += content.size;
  objects_[path] = std::move(object);
  return reply;
}

Reply Store::create(const std::string& path, Fields metadata) {
  const std::scoped_lock lock(mutex_);
  const std::string id = "upload-" + std::to_string(++made_);
  uploads_[id] = {.path = path, .metadata = std::move(metadata), .parts = {}};
  return {.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InitiateMultipartUploadResult><Bucket>" +
                  xml_escaped(bucket_of(path).substr(1)) + "</Bucket><Key>" + xml_escaped(key_of(path)) +
                  "</Key><UploadId>" + id + "</UploadId></InitiateMultipartUploadResult>"};
}

Store::Upload* Store::find(const std::string& path, const std::string& upload) {
  const auto found = uploads_.find(upload);
  return found == uploads_.end() || found->second.path != path ? nullptr : &found->second;
}

Reply Store::put_part(const std::string& path, const std::string& upload, int number, Content content, bool verified) {
  const std::scoped_lock lock(mutex_);
  Upload* const into = find(path, upload);
  if (into == nullptr) return no_such_upload();
  if (number < 1 || number > 10'000) {
    return refuse({.code = "InvalidArgument", .message = "parts are numbered from 1 to 10,000"});
  }
  Part& part = into->parts[number];
  if (part.acknowledged) {
    ++counters_.acknowledged_again;
    counters_.acknowledged_again_bytes += content.size;
  }
  counters_.data_bytes += content.size;
  part = {.content = std::move(content), .etag = {}};
  part.etag = etag_of(part.content, verified);
  return {.headers = {{"ETag", quoted(part.etag)}}};
}

void Store::acknowledged(const std::string& upload, int number) {
  const std::scoped_lock lock(mutex_);
  const auto found = uploads_.find(upload);
  if (found == uploads_.end()) return;
  const auto part = found->second.parts.find(number);
  if (part == found->second.parts.end() || std::exchange(part->second.acknowledged, true)) return;
  counters_.acknowledged_bytes += part->second.content.size;
}

Reply Store::complete(const std::string& path, const std::string& id, const Request& request, const std::string& xml,
                      bool verified) {
  const std::scoped_lock lock(mutex_);
  Upload* const upload = find(path, id);
  if (upload == nullptr) return no_such_upload();
  const std::vector<Named> named = named_parts(xml);
  if (named.empty()) return refuse({.code = "MalformedXML", .message = "the completion names no part"});
  if (verified) {
    if (const Refusal fault = judge(*upload, named)) return refuse(fault);
    if (const Refusal fault = judge_whole(*upload, request)) return refuse(fault);
  }
  Object object{.metadata = upload->metadata};
  std::string whole;
  for (const auto& [number, part] : upload->parts) {
    object.size += part.content.size;
    whole += part.content.bytes;
  }
  object.parts = upload->parts.size();
  if (verified) object.sha256 = sha256_hex(docupilot::as_bytes(whole));
  object.etag = md5_hex(xml) + '-' + std::to_string(object.parts);
  Reply reply{.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CompleteMultipartUploadResult><Location>" +
                      xml_escaped(path) + "</Location><Bucket>" + xml_escaped(bucket_of(path).substr(1)) +
                      "</Bucket><Key>" + xml_escaped(key_of(path)) + "</Key><ETag>&quot;" + object.etag +
                      "&quot;</ETag>"};
  // As S3 does; in verify mode it has been compared.
  if (const std::string_view crc = request.header("x-amz-checksum-crc64nvme"); !crc.empty()) {
    reply.body += "<ChecksumCRC64NVME>" + xml_escaped(std::string(crc)) + "</ChecksumCRC64NVME>";
  }
  reply.body += "</CompleteMultipartUploadResult>";
  objects_[path] = std::move(object);
  uploads_.erase(id);
  return reply;
}

Reply Store::abort(const std::string& path, const std::string& upload) {
  const std::scoped_lock lock(mutex_);
  if (find(path, upload) == nullptr) return no_such_upload();
  uploads_.erase(upload);
  return {.status = 204};
}

Reply Store::list_parts(const std::string& path, const std::string& id, const std::string& query) {
  const std::scoped_lock lock(mutex_);
  const Upload* const upload = find(path, id);
  if (upload == nullptr) return no_such_upload();
  int after = 0;
  const std::string marker = parameter(query, "part-number-marker").value_or("0");
  std::from_chars(marker.data(), marker.data() + marker.size(), after);
  std::string parts;
  int count = 0;
  int last = 0;
  bool more = false;
  for (auto at = upload->parts.upper_bound(after); at != upload->parts.end(); ++at) {
    if (count == 1000) {
      more = true;
      break;
    }
    ++count;
    last = at->first;
    parts += "<Part><PartNumber>" + std::to_string(last) + "</PartNumber><LastModified>" + modified +
             "</LastModified><ETag>&quot;" + at->second.etag + "&quot;</ETag><Size>" +
             std::to_string(at->second.content.size) + "</Size>";
    const auto crc = at->second.content.checksums.find("crc64nvme");
    if (crc != at->second.content.checksums.end())
      parts += "<ChecksumCRC64NVME>" + crc->second + "</ChecksumCRC64NVME>";
    parts += "</Part>";
  }
  return {.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListPartsResult><UploadId>" + id +
                  "</UploadId><NextPartNumberMarker>" + std::to_string(last) + "</NextPartNumberMarker><IsTruncated>" +
                  (more ? "true" : "false") + "</IsTruncated>" + parts + "</ListPartsResult>"};
}

Reply Store::list_uploads(const std::string& bucket) {
  const std::scoped_lock lock(mutex_);
  std::string body;
  for (const auto& [id, upload] : uploads_) {
    if (bucket_of(upload.path) != bucket) continue;
    body += "<Upload><Key>" + xml_escaped(key_of(upload.path)) + "</Key><UploadId>" + id + "</UploadId><Initiated>" +
            modified + "</Initiated></Upload>";
  }
  return {.body =
              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListMultipartUploadsResult><IsTruncated>false"
              "</IsTruncated>" +
              body + "</ListMultipartUploadsResult>"};
}

Reply Store::head(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  const auto found = objects_.find(path);
  if (found == objects_.end()) return refuse({.status = 404, .code = "NoSuchKey", .message = "there is no such key"});
  const Object& object = found->second;
  Reply reply{.headers = {{"Content-Length", std::to_string(object.size)},
                          {"ETag", quoted(object.etag)},
                          {"Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT"},
                          {"Content-Type", "application/octet-stream"}}};
  reply.headers.insert(reply.headers.end(), object.metadata.begin(), object.metadata.end());
  return reply;
}

Reply Store::list(const std::string& bucket, const std::string& prefix) {
  const std::scoped_lock lock(mutex_);
  std::string body;
  for (const auto& [path, object] : objects_) {
    if (bucket_of(path) != bucket || !key_of(path).starts_with(prefix)) continue;
    body += "<Contents><Key>" + xml_escaped(key_of(path)) + "</Key><LastModified>" + modified +
            "</LastModified><ETag>" + "&quot;" + object.etag + "&quot;</ETag><Size>" + std::to_string(object.size) +
            "</Size><StorageClass>STANDARD</StorageClass></Contents>";
  }
  return {.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult><Name>" + bucket.substr(1) +
                  "</Name><IsTruncated>false</IsTruncated>" + body + "</ListBucketResult>"};
}

Reply Store::remove(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  objects_.erase(path);
  return {.status = 204};
}

std::string Store::json() {
  const std::scoped_lock lock(mutex_);
  std::string objects;
  for (const auto& [path, object] : objects_) {
    objects.append(objects.empty() ? "\"" : ",\"").append(path).append("\":{\"size\":");
    objects.append(std::to_string(object.size)).append(",\"parts\":").append(std::to_string(object.parts));
    objects.append(",\"sha256\":\"").append(object.sha256).append("\"}");
  }
  return "{\"objects\":{" + objects + "},\"uploads\":" + std::to_string(uploads_.size()) + '}';
}

void Store::clear() {
  const std::scoped_lock lock(mutex_);
  objects_.clear();
  uploads_.clear();
  attempts_.clear();
}

}  // namespace sink
