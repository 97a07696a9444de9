#include <string>

#include "extract/content_type.h"
#include "extract_invariants.h"

namespace {

constexpr std::uint32_t crc_polynomial = 0xedb88320U;

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? crc_polynomial : 0);
  }
  return ~crc;
}

void put(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i & 0xffU);
}

/// A zip archive with one stored file, so that XML is reached without the fuzzer having to find out about checksums.
std::string wrap(std::string_view xml) {
  const std::string name = "word/document.xml";
  std::string common;
  put(common, 0, 2);
  put(common, 0, 2);
  put(common, 0, 4);
  put(common, crc32(xml), 4);
  put(common, static_cast<std::uint32_t>(xml.size()), 4);
  put(common, static_cast<std::uint32_t>(xml.size()), 4);
  put(common, static_cast<std::uint32_t>(name.size()), 2);
  put(common, 0, 2);
  std::string zip = std::string("PK\3\4\x14\0", 6) + common + name;
  zip += xml;
  const auto directory = static_cast<std::uint32_t>(zip.size());
  zip += std::string("PK\1\2\x14\0\x14\0", 8) + common + std::string(14, '\0') + name;
  const auto directory_size = static_cast<std::uint32_t>(zip.size()) - directory;
  zip += std::string("PK\5\6\0\0\0\0\1\0\1\0", 12);
  put(zip, directory_size, 4);
  put(zip, directory, 4);
  put(zip, 0, 2);
  return zip;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const docupilot::ExtractInput input{.content_type = std::string(docupilot::docx_type)};
  if (bytes.starts_with("PK")) docupilot_test::extract_and_check(bytes, input, {.markup = 1U << 20U});
  else docupilot_test::extract_and_check(wrap(bytes), input, {.text = 4096, .depth = 64});
  return 0;
}
