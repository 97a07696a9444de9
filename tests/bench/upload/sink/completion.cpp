// What verify mode asks of a CompleteMultipartUpload.

#include <charconv>

#include "checksum.h"
#include "store.h"

namespace sink {

namespace {

constexpr std::uint64_t smallest_part = std::uint64_t{5} << 20U;

Refusal invalid_part(int number, const std::string& why) {
  return {.code = "InvalidPart", .message = "part " + std::to_string(number) + ' ' + why};
}

// The checksum of the whole object, of the bytes in order (FULL_OBJECT) or of the parts' checksums (COMPOSITE), as
// x-amz-checksum-type says; without it a value that ends in "-N" is composite.
std::string whole_checksum(const std::string& algorithm, bool composite, const std::map<int, std::string_view>& parts) {
  const auto whole = Checksum::named(algorithm);
  for (const auto& [number, bytes] : parts) {
    if (!composite) {
      whole->update(docupilot::as_bytes(bytes));
      continue;
    }
    const auto one = Checksum::named(algorithm);
    one->update(docupilot::as_bytes(bytes));
    const std::string raw = from_base64(one->finish()).value_or("");
    whole->update(docupilot::as_bytes(raw));
  }
  return whole->finish();
}

}  // namespace

std::vector<Store::Named> Store::named_parts(const std::string& xml) {
  std::vector<Named> named;
  for (const std::string_view part : xml_elements(xml, "Part")) {
    Named one;
    const std::string number = xml_element(part, "PartNumber");
    std::from_chars(number.data(), number.data() + number.size(), one.number);
    one.etag = xml_element(part, "ETag");
    std::erase(one.etag, '"');
    for (const char* element :
         {"ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumSHA1", "ChecksumSHA256"}) {
      const std::string value = xml_element(part, element);
      if (!value.empty()) one.checksums[*algorithm_of_element(element)] = value;
    }
    named.push_back(std::move(one));
  }
  return named;
}

Refusal Store::judge(const Upload& upload, const std::vector<Named>& named) {
  for (std::size_t i = 0; i < named.size(); ++i) {
    const Named& one = named[i];
    if (i > 0 && one.number <= named[i - 1].number) {
      return {.code = "InvalidPartOrder", .message = "the parts are not in ascending order"};
    }
    if (one.number != static_cast<int>(i) + 1) return invalid_part(static_cast<int>(i) + 1, "is not named");
    const auto found = upload.parts.find(one.number);
    if (found == upload.parts.end()) return invalid_part(one.number, "was never sent");
    const Part& part = found->second;
    if (part.etag != one.etag) return invalid_part(one.number, "has another etag");
    for (const auto& [algorithm, value] : one.checksums) {
      const auto checksum = Checksum::named(algorithm);
      checksum->update(docupilot::as_bytes(part.content.bytes));
      if (checksum->finish() != value) return invalid_part(one.number, "has another " + algorithm);
    }
    if (i + 1 < named.size() && part.content.size < smallest_part) {
      return {.code = "EntityTooSmall", .message = "part " + std::to_string(one.number) + " has less than 5 MiB"};
    }
  }
  if (named.size() != upload.parts.size()) {
    return {.code = "InvalidPart", .message = "a part that was sent is not named"};
  }
  return {};
}

Refusal Store::judge_whole(const Upload& upload, const Request& request) {
  std::map<int, std::string_view> parts;
  std::uint64_t size = 0;
  for (const auto& [number, part] : upload.parts) {
    parts[number] = part.content.bytes;
    size += part.content.size;
  }
  const std::string_view told = request.header("x-amz-mp-object-size");
  if (!told.empty() && told != std::to_string(size)) {
    return {.code = "InvalidRequest", .message = "x-amz-mp-object-size is not the size of the parts"};
  }
  for (const auto& [name, header] : request.headers) {
    const auto algorithm = algorithm_of_header(name);
    if (!algorithm) continue;
    if (Checksum::named(*algorithm) == nullptr) {
      return {.code = "InvalidRequest", .message = "the sink does not know the checksum " + *algorithm};
    }
    const std::string_view value = std::string_view(header).substr(0, header.find('-'));
    const bool composite = request.header("x-amz-checksum-type") == "COMPOSITE" || value.size() < header.size();
    if (whole_checksum(*algorithm, composite, parts) != value) {
      return {.code = "BadDigest", .message = "the " + *algorithm + " of the whole object is another"};
    }
  }
  return {};
}

}  // namespace sink
