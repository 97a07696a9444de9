#include "floor.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <docupilot/base/bytes.h>

#include "bench/support/floor_digest.h"
#include "crypto/crc64nvme.h"

namespace {

using namespace floor_digest;

constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";

}  // namespace

Floor::Floor(std::uint16_t port, Key key, bool hashed)
    : key_(std::move(key)), hashed_(hashed), host_("127.0.0.1:" + std::to_string(port)), reply_(16'384) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("http_bench: the floor cannot connect");
    std::exit(1);
  }
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Floor::~Floor() { ::close(fd_); }

void Floor::begin_day(std::string_view date) {
  if (scope_.starts_with(date)) return;
  scope_.assign(date).append("/us-east-1/s3/aws4_request");
  day_key_ = day_key(key_.secret, date);
}

const std::string& Floor::head(std::string_view name, std::string_view body, std::int64_t seconds) {
  if (seconds != second_) {
    second_ = seconds;
    const std::time_t time = seconds;
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::array<char, 32> text{};
    date_.assign(text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts));
    begin_day(std::string_view(date_).substr(0, 8));
  }
  std::string payload;
  std::string checksum;
  if (hashed_) {
    add_hex(payload, sha256(body));
    checksum = base64_of_crc(docupilot::crc::crc64nvme(docupilot::as_bytes(body)));
  } else {
    payload = unsigned_payload;
  }
  const std::string_view names = hashed_ ? "content-type;host;x-amz-checksum-crc64nvme;x-amz-content-sha256;x-amz-date"
                                         : "content-type;host;x-amz-content-sha256;x-amz-date";
  canonical_.assign("PUT\n/bucket/").append(name).append("\n\ncontent-type:application/octet-stream\nhost:");
  canonical_.append(host_).append("\n");
  if (hashed_) canonical_.append("x-amz-checksum-crc64nvme:").append(checksum).append("\n");
  canonical_.append("x-amz-content-sha256:").append(payload).append("\nx-amz-date:").append(date_).append("\n\n");
  canonical_.append(names).append("\n").append(payload);
  const Digest digest = sha256(canonical_);
  canonical_.assign("AWS4-HMAC-SHA256\n").append(date_).append("\n").append(scope_).append("\n");
  add_hex(canonical_, digest);

  head_.assign("PUT /bucket/").append(name).append(" HTTP/1.1\r\nHost: ").append(host_);
  head_.append("\r\nUser-Agent: docupilot/0.0.0\r\ncontent-type: application/octet-stream\r\n");
  if (hashed_) head_.append("x-amz-checksum-crc64nvme: ").append(checksum).append("\r\n");
  head_.append("x-amz-content-sha256: ").append(payload).append("\r\nx-amz-date: ").append(date_);
  head_.append("\r\nauthorization: AWS4-HMAC-SHA256 Credential=").append(key_.id).append("/").append(scope_);
  head_.append(", SignedHeaders=").append(names).append(", Signature=");
  add_hex(head_, hmac(text_of(day_key_), canonical_));
  head_.append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
  return head_;
}

bool Floor::put(std::string_view name, std::string_view body) {
  std::timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::string& head = this->head(name, body, now.tv_sec);
  std::size_t sent = 0;
  const std::size_t whole = head.size() + body.size();
  while (sent < whole) {
    std::array<iovec, 2> parts{};
    const std::size_t of_head = std::min(sent, head.size());
    parts[0] = {const_cast<char*>(head.data()) + of_head, head.size() - of_head};
    parts[1] = {const_cast<char*>(body.data()) + (sent - of_head), body.size() - (sent - of_head)};
    const ssize_t count = ::writev(fd_, parts.data(), static_cast<int>(parts.size()));
    if (count <= 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return read_reply();
}

bool Floor::read_reply() {
  std::size_t filled = 0;
  for (;;) {
    const ssize_t count = ::recv(fd_, reply_.data() + filled, reply_.size() - filled, 0);
    if (count <= 0) return false;
    filled += static_cast<std::size_t>(count);
    const std::string_view text(reply_.data(), filled);
    if (!text.ends_with("\r\n\r\n")) continue;
    return text.starts_with("HTTP/1.1 200 ") && text.find("\r\nContent-Length: 0\r\n") != std::string_view::npos;
  }
}
