#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What a PUT costs at the least: a program of its own for exactly this, without a library. One connection; each
/// request is signed (AWS Signature Version 4, the key of the day made once), head and body go out in one call, and the
/// reply is looked at as far as a status and an end.
class Floor {
 public:
  struct Key {
    std::string id;
    std::string secret;
  };

  /// `hashed`: the SHA-256 of each body is signed, and its CRC64NVME sent along; else the body is not signed.
  Floor(std::uint16_t port, Key key, bool hashed);
  ~Floor();
  Floor(const Floor&) = delete;
  Floor& operator=(const Floor&) = delete;

  /// Sends `body` to /bucket/`name`. False: anything but a 200.
  [[nodiscard]] bool put(std::string_view name, std::string_view body);

  /// The head of a request, as of `seconds` since 1970. Kept until the next call.
  [[nodiscard]] const std::string& head(std::string_view name, std::string_view body, std::int64_t seconds);

 private:
  void begin_day(std::string_view date);
  [[nodiscard]] bool read_reply();

  const Key key_;
  const bool hashed_;
  int fd_ = -1;
  std::string host_;
  std::int64_t second_ = -1;  // that date_ tells
  std::string date_;          // "20130524T000000Z"
  std::string scope_;         // "20130524/us-east-1/s3/aws4_request"
  std::array<unsigned char, 32> day_key_{};
  std::string canonical_;
  std::string head_;
  std::vector<char> reply_;
};
