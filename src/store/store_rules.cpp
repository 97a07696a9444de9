#include "store/store_rules.h"

#include <algorithm>

#include "base/try.h"
#include "base/utf8.h"
#include "crypto/crc64nvme.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t maximum_attribute_bytes = 2048;
constexpr std::size_t maximum_content_type_bytes = 255;
constexpr std::size_t maximum_list_limit = 10'000;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// A token (RFC 9110, 5.6.2), because the names travel as HTTP headers elsewhere.
bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const char l = lower(c);
    return (l >= 'a' && l <= 'z') || (l >= '0' && l <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_plain_text(std::string_view text) { return is_utf8(text) && escape_controls(text) == text; }

}  // namespace

Result<void> check_etag(std::string_view etag) {
  const bool good = std::ranges::none_of(etag, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte == '"' || byte == 0x7F;
  });
  if (good) return {};
  return Error(ErrorCode::invalid_argument, "if_match is no ETag").hint("give it as `head` or `put` returned it");
}

Result<void> check_put_options(const PutOptions& options) {
  DOCUPILOT_CHECK(check_etag(options.if_match));
  if (options.if_absent && !options.if_match.empty()) {
    return Error(ErrorCode::invalid_argument, "if_absent and if_match exclude each other").hint("set only one of them");
  }
  if (options.content_type.size() > maximum_content_type_bytes || !is_plain_text(options.content_type)) {
    return Error(ErrorCode::invalid_argument, "the content type is not one")
        .hint("give a media type such as \"text/html\", at most 255 bytes without control characters");
  }
  std::size_t bytes = 0;
  for (const auto& [name, value] : options.attributes) {
    bytes += name.size() + value.size();
    if (!is_token(name)) {
      return Error(ErrorCode::invalid_argument, "the attribute name '" + escape_controls(name) + "' cannot be kept")
          .hint("use letters, digits and hyphens");
    }
    if (!is_plain_text(value)) {
      return Error(ErrorCode::invalid_argument, "the attribute '" + name + "' is no plain text")
          .hint("give UTF-8 without control characters");
    }
  }
  if (bytes > maximum_attribute_bytes) {
    return Error(ErrorCode::too_large, "the attributes are " + std::to_string(bytes) + " bytes, more than 2048")
        .hint("keep what is longer in the metadata store");
  }
  if (with_lower_names(options.attributes).size() != options.attributes.size()) {
    return Error(ErrorCode::invalid_argument, "two attribute names differ only in case").hint("rename one of them");
  }
  return {};
}

Result<void> check_list_options(const ListOptions& options) {
  if (options.limit < 1 || options.limit > maximum_list_limit) {
    return Error(ErrorCode::invalid_argument, "the limit " + std::to_string(options.limit) + " is out of range")
        .hint("ask for 1 to 10,000 keys a page");
  }
  if (!options.page_token.starts_with(options.page_token.empty() ? "" : options.prefix)) {
    return Error(ErrorCode::invalid_argument, "the page token belongs to another listing")
        .hint("give the token together with the prefix and delimiter of the page it came with");
  }
  return {};
}

Result<void> check_part_number(int number) {
  if (number >= 1 && number <= most_parts) return {};
  return Error(ErrorCode::invalid_argument, "the part number " + std::to_string(number) + " is out of range")
      .hint("number the parts 1 to 10,000");
}

Result<std::vector<PartInfo>> parts_in_order(std::vector<PartInfo> parts) {
  if (parts.empty()) return Error(ErrorCode::invalid_argument, "no parts are named").hint("send at least one part");
  std::sort(parts.begin(), parts.end(), [](const PartInfo& a, const PartInfo& b) { return a.number < b.number; });
  for (std::size_t i = 0; i < parts.size(); ++i) {
    DOCUPILOT_CHECK(check_part_number(parts[i].number));
    if (i > 0 && parts[i].number == parts[i - 1].number) {
      return Error(ErrorCode::invalid_argument, "part " + std::to_string(parts[i].number) + " is named twice")
          .hint("name each part once");
    }
  }
  return parts;
}

std::uint64_t total_size(const std::vector<PartInfo>& parts) noexcept {
  std::uint64_t size = 0;
  for (const PartInfo& part : parts) size += part.size;
  return size;
}

std::optional<std::uint64_t> joined_crc64nvme(const std::vector<PartInfo>& parts) noexcept {
  std::uint64_t joined = 0;
  for (const PartInfo& part : parts) {
    if (!part.crc64nvme) return std::nullopt;
    joined = crc::crc64nvme_combine(joined, *part.crc64nvme, part.size);
  }
  return joined;
}

bool is_made_of(const ObjectInfo& object, const std::vector<PartInfo>& parts) noexcept {
  const auto crc = joined_crc64nvme(parts);
  return object.size == total_size(parts) && crc && object.crc64nvme == crc;
}

Result<std::uint64_t> end_of_range(const GetOptions& options, std::uint64_t size) {
  if (options.offset > size) {
    return Error(ErrorCode::invalid_argument, "the range begins at " + std::to_string(options.offset) +
                                                  ", behind the end at " + std::to_string(size))
        .hint("ask for a range inside the object");
  }
  return options.offset + std::min(options.length.value_or(UINT64_MAX), size - options.offset);
}

std::size_t BodyCounter::block() const noexcept {
  if (!said_ || *said_ >= store_block) return store_block;
  return static_cast<std::size_t>(*said_) + 1;
}

Result<void> BodyCounter::add(std::size_t count, std::size_t room) {
  count_ += count;
  if (count > room || (said_ && count_ > *said_)) {
    return Error(ErrorCode::corrupted, count > room
                                           ? "the reader gave more than there was room for"
                                           : "the reader said " + std::to_string(*said_) + " bytes and gave more")
        .hint("the data changed while they were read: try again");
  }
  return {};
}

Result<std::uint64_t> BodyCounter::finish() const {
  if (said_ && count_ != *said_) {
    return Error(ErrorCode::corrupted,
                 "the reader said " + std::to_string(*said_) + " bytes and gave " + std::to_string(count_))
        .hint("the data changed while they were read: try again");
  }
  return count_;
}

std::map<std::string, std::string> with_lower_names(const std::map<std::string, std::string>& attributes) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : attributes) {
    std::string lowered = name;
    std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
    out.emplace(std::move(lowered), value);
  }
  return out;
}

}  // namespace docupilot::inline v1
