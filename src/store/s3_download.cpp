#include "store/s3_download.h"

#include <algorithm>
#include <charconv>

#include "base/try.h"
#include "crypto/crc32c.h"
#include "crypto/crc64nvme.h"
#include "store/s3_body.h"
#include "store/s3_metadata.h"
#include "store/store_rules.h"

namespace docupilot::inline v1::s3 {

namespace {

/// The value of Range, or nothing for the whole. `taken`: bytes that are there already.
std::string range_of(const GetOptions& options, std::uint64_t taken) {
  const std::uint64_t first = options.offset + taken;
  if (first == 0 && !options.length) return {};
  std::string range = "bytes=" + std::to_string(first) + '-';
  if (options.length) {
    // Servers count in 64 bits with a sign: an end behind all that can be is left out.
    const std::uint64_t room = INT64_MAX - options.offset;
    if (*options.length <= room) range += std::to_string(options.offset + *options.length - 1);
  }
  return range;
}

Error replaced() {
  return Error(ErrorCode::conflict, "the object was replaced while it was read").hint("read it again");
}

}  // namespace

void Download::attach(S3Request& request) {
  request.writer = this;
  request.prepare = [this](S3Request& now, unsigned) -> Result<void> {
    ask(now);
    return {};
  };
  request.on_head = [this](const http::Response& reply) { return on_head(reply); };
  // Without an ETag nothing says whether the rest belongs to the same object.
  request.repeatable = [this] { return !error_ && (taken_ == 0 || !head_->get("etag").empty()); };
}

void Download::ask(S3Request& request) {
  const std::string range = range_of(options_, taken_);
  if (range.empty()) request.headers.remove("range");
  else request.headers.set("range", range);
  if (checksum_ && range.empty()) request.headers.set("x-amz-checksum-mode", "ENABLED");
  else request.headers.remove("x-amz-checksum-mode");
  if (taken_ > 0) request.headers.set("if-match", std::string(head_->get("etag")));
  else if (!options_.if_match.empty()) request.headers.set("if-match", '"' + options_.if_match + '"');
}

Result<void> Download::on_head(const http::Response& reply) {
  skip_ = 0;
  const bool resumes = taken_ > 0;
  if (resumes && reply.headers.get("etag") != head_->get("etag")) return give_up(call_.name(replaced()));
  if (reply.status == 206) {
    const std::string_view range = reply.headers.get("content-range");
    if (!range.starts_with("bytes " + std::to_string(options_.offset + taken_) + '-')) {
      return give_up(call_.error(ErrorCode::corrupted, "the server answered with another range than was asked for",
                                 "a proxy in between may be at fault: try without it"));
    }
  } else if (is_range()) {
    return give_up(call_.error(ErrorCode::corrupted, "the server answered a range with the whole object",
                               "use a server that knows ranges"));
  } else {
    skip_ = taken_;
  }
  if (!resumes) head_ = reply.headers;
  return {};
}

Result<void> Download::write(ByteView bytes) {
  const auto seen = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
  skip_ -= seen;
  bytes = bytes.subspan(seen);
  while (!bytes.empty()) {
    DOCUPILOT_CHECK(call_.check());
    const ByteView block = bytes.first(std::min(bytes.size(), store_block));
    bytes = bytes.subspan(block.size());
    if (auto taken = into_.write(block); !taken) return give_up(std::move(taken).error());
    taken_ += block.size();
    crc64_ = crc::crc64nvme(block, crc64_);
    crc32c_ = crc::crc32c(block, crc32c_);
  }
  return {};
}

Error Download::give_up(Error why) {
  error_ = why;
  return why;
}

Error Download::explain(Error error) const {
  if (taken_ == 0 || error.http_status() != 412) return call_.name(std::move(error));
  return call_.instead(replaced(), error);
}

Result<void> Download::verify() const {
  if (head_->get("x-amz-checksum-type") == "COMPOSITE") return {};
  const auto differs = [&](std::string_view name, const std::string& ours) {
    const auto theirs = head_->find(name);
    // One with a dash is made of the parts' checksums and says nothing about the whole.
    return theirs && theirs->find('-') == std::string_view::npos && *theirs != ours;
  };
  if (!differs(checksum_header, to_checksum(crc64_)) && !differs("x-amz-checksum-crc32c", to_checksum(crc32c_))) {
    return {};
  }
  return call_.error(ErrorCode::corrupted, "the bytes that came are not those that were stored",
                     "throw them away and read the object again");
}

Result<ObjectInfo> Download::finish() const {
  if (!is_range()) DOCUPILOT_CHECK(verify());
  ObjectInfo info;
  info.key = call_.target;
  read_metadata(*head_, info);
  if (is_range()) info.crc64nvme.reset();
  info.size = whole_size(*head_).value_or(options_.offset + taken_);
  return info;
}

}  // namespace docupilot::inline v1::s3
