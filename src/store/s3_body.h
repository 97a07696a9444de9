#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <docupilot/http/transport.h>

namespace docupilot::inline v1::s3 {

inline constexpr std::string_view checksum_header = "x-amz-checksum-crc64nvme";

/// A CRC as x-amz-checksum-* carries it: base64 of its bytes, the highest first.
[[nodiscard]] std::string to_checksum(std::uint64_t crc64nvme);
[[nodiscard]] std::string to_checksum(std::uint32_t crc32c);
/// A CRC-64 that travelled so. Nothing when the text is none, such as a composite one with a dash.
[[nodiscard]] std::optional<std::uint64_t> from_checksum(std::string_view text);
/// The CRC-64/NVME of the whole that the headers of a reply tell, if they do.
[[nodiscard]] std::optional<std::uint64_t> told_checksum(const http::Headers& headers);

/// A reader whose bytes must be as many as were announced. The last of them is only given when the end is there, so
/// that no server takes a body whole which was not.
class ExactReader final : public Reader {
 public:
  ExactReader(Reader& body, std::uint64_t size) : body_(body), size_(size), rest_(size) {}
  [[nodiscard]] Result<std::size_t> read(MutableByteView into, const Context& context) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  Reader& body_;
  const std::uint64_t size_;
  std::uint64_t rest_;
};

/// A reader that remembers its body's error, so that it comes back unchanged, and whether it was begun.
class TappedReader final : public Reader {
 public:
  explicit TappedReader(Reader& body) : body_(body) {}
  [[nodiscard]] Result<std::size_t> read(MutableByteView into, const Context& context) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return body_.size(); }
  [[nodiscard]] bool begun() const noexcept { return begun_; }
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

 private:
  Reader& body_;
  bool begun_ = false;
  std::optional<Error> error_;
};

}  // namespace docupilot::inline v1::s3
