#pragma once

#include <docupilot/base/bytes.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sink {

/// One running checksum of those that S3 knows.
class Checksum {
 public:
  virtual ~Checksum() = default;
  virtual void update(docupilot::ByteView bytes) = 0;
  /// In base64, as headers and trailers carry it. To be called once.
  [[nodiscard]] virtual std::string finish() = 0;

  /// `name`: "crc32", "crc32c", "crc64nvme", "sha1", "sha256", "md5"; null for any other.
  [[nodiscard]] static std::unique_ptr<Checksum> named(std::string_view name);
};

/// "x-amz-checksum-crc32" and "ChecksumCRC32": the algorithm they speak of, or nothing.
[[nodiscard]] std::optional<std::string> algorithm_of_header(std::string_view lower_case_name);
[[nodiscard]] std::optional<std::string> algorithm_of_element(std::string_view name);

[[nodiscard]] std::string base64(docupilot::ByteView bytes);
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

/// The SHA-256 of some bytes in hexadecimal.
[[nodiscard]] std::string sha256_hex(docupilot::ByteView bytes);

}  // namespace sink
