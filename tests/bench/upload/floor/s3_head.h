#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

/// The heads of a floor's requests, signed with AWS Signature Version 4 where a key is given.
class S3Head {
 public:
  /// An empty `id`: requests go out unsigned.
  S3Head(std::string host, std::string id, std::string secret)
      : host_(std::move(host)), id_(std::move(id)), secret_(std::move(secret)) {}

  /// `query` as it is signed: sorted, each name with its '='. `payload`: the SHA-256 of the body in hexadecimal, or
  /// UNSIGNED-PAYLOAD. `crc`: goes along as x-amz-checksum-crc64nvme; empty: none. Kept until the next call.
  [[nodiscard]] const std::string& make(std::string_view method, std::string_view path, std::string_view query,
                                        std::uint64_t length, std::string_view payload, std::string_view crc);

 private:
  void begin_second(std::int64_t seconds);

  const std::string host_;
  const std::string id_;
  const std::string secret_;
  std::int64_t second_ = -1;  // that date_ tells
  std::string date_;          // "20130524T000000Z"
  std::string scope_;
  std::array<unsigned char, 32> day_key_{};
  std::string canonical_;
  std::string head_;
};
