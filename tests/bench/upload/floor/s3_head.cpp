#include "s3_head.h"

#include <ctime>

#include "bench/support/floor_digest.h"

using namespace floor_digest;

void S3Head::begin_second(std::int64_t seconds) {
  if (seconds == second_) return;
  second_ = seconds;
  const std::time_t time = seconds;
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  date_.assign(text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts));
  const std::string day = date_.substr(0, 8);
  if (scope_.starts_with(day)) return;
  scope_ = day + "/us-east-1/s3/aws4_request";
  day_key_ = day_key(secret_, day);
}

const std::string& S3Head::make(std::string_view method, std::string_view path, std::string_view query,
                                std::uint64_t length, std::string_view payload, std::string_view crc) {
  head_.assign(method).append(" ").append(path);
  if (!query.empty()) head_.append("?").append(query);
  head_.append(" HTTP/1.1\r\nHost: ").append(host_);
  if (!crc.empty()) head_.append("\r\nx-amz-checksum-crc64nvme: ").append(crc);
  if (!id_.empty()) {
    std::timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    begin_second(now.tv_sec);
    const std::string_view names = crc.empty() ? "host;x-amz-content-sha256;x-amz-date"
                                               : "host;x-amz-checksum-crc64nvme;x-amz-content-sha256;x-amz-date";
    canonical_.assign(method).append("\n").append(path).append("\n").append(query).append("\nhost:").append(host_);
    if (!crc.empty()) canonical_.append("\nx-amz-checksum-crc64nvme:").append(crc);
    canonical_.append("\nx-amz-content-sha256:").append(payload).append("\nx-amz-date:").append(date_).append("\n\n");
    canonical_.append(names).append("\n").append(payload);
    const Digest digest = sha256(canonical_);
    canonical_.assign("AWS4-HMAC-SHA256\n").append(date_).append("\n").append(scope_).append("\n");
    add_hex(canonical_, digest);
    head_.append("\r\nx-amz-content-sha256: ").append(payload).append("\r\nx-amz-date: ").append(date_);
    head_.append("\r\nAuthorization: AWS4-HMAC-SHA256 Credential=").append(id_).append("/").append(scope_);
    head_.append(", SignedHeaders=").append(names).append(", Signature=");
    add_hex(head_, hmac(text_of(day_key_), canonical_));
  }
  return head_.append("\r\nContent-Length: ").append(std::to_string(length)).append("\r\n\r\n");
}
