#include "store/s3_upload_id.h"

#include <algorithm>

#include "crypto/digest.h"
#include "http/hex.h"

namespace docupilot::inline v1::s3 {

namespace {

std::optional<std::string> from_hex(std::string_view hex) {
  std::string bytes;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  if (hex.size() != 32) return std::nullopt;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    if (digit(hex[i]) < 0 || digit(hex[i + 1]) < 0) return std::nullopt;
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return bytes;
}

}  // namespace

UploadId UploadId::parse(std::string_view text) {
  UploadId parsed;
  const std::size_t first = std::min(text.find(' '), text.size());
  parsed.id = text.substr(0, first);
  if (first == text.size()) return parsed;
  const std::size_t second = std::min(text.find(' ', first + 1), text.size());
  const std::string_view condition = text.substr(first + 1, second - first - 1);
  parsed.if_absent = condition == "if-absent";
  if (condition.starts_with("if-match=")) parsed.if_match = condition.substr(9);
  if (second < text.size()) parsed.mark = text.substr(second + 1);
  return parsed;
}

std::string UploadId::to_string() const {
  std::string text;
  text.reserve(id.size() + if_match.size() + mark.size() + 16);
  text += id;
  if (!is_conditional() && mark.empty()) return text;
  if (!is_conditional()) text += " - ";
  else if (if_absent) text += " if-absent ";
  else ((text += " if-match=") += if_match) += ' ';
  text += mark;
  return text;
}

S3Query part_query(int number, const MultipartUpload& upload) {
  S3Query query;
  query.reserve(2);
  query.emplace_back("partNumber", std::to_string(number));
  query.emplace_back("uploadId", UploadId::parse(upload.upload_id).id);
  return query;
}

std::optional<std::string> joined_etag(const std::vector<PartInfo>& parts) {
  auto md5 = crypto::Digest::md5();
  if (!md5) return std::nullopt;
  for (const PartInfo& part : parts) {
    const auto raw = from_hex(part.etag);
    if (!raw) return std::nullopt;
    md5->update(as_bytes(*raw));
  }
  std::array<std::byte, 16> digest;
  md5->finish(digest);
  return http::hex(digest) + '-' + std::to_string(parts.size());
}

}  // namespace docupilot::inline v1::s3
