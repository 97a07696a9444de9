#include <docupilot/source/content_hash.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "json/base64.h"
#include "support/vectors.h"

using namespace docupilot;
using namespace docupilot_test;

namespace {

const Value& vectors() {
  static const Value parsed = read_vectors("vectors/checksums.json");
  return parsed;
}

constexpr Hashes all = Hashes::sha256 | Hashes::crc32c | Hashes::crc64nvme | Hashes::md5;

Checksums sums_of(ByteView bytes) {
  ContentHash hash(all);
  hash.update(bytes);
  return hash.finish();
}

struct Algorithm {
  const char* name;
  std::string Checksums::* digits;
};
constexpr Algorithm algorithms[] = {{"CRC32C", &Checksums::crc32c},
                                    {"CRC64NVME", &Checksums::crc64nvme},
                                    {"SHA256", &Checksums::sha256},
                                    {"MD5", &Checksums::md5}};

std::uint64_t word(const std::string& hex) { return std::stoull(hex, nullptr, 16); }

std::vector<std::byte> from_hex(const std::string& hex) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) bytes.push_back(static_cast<std::byte>(word(hex.substr(i, 2))));
  return bytes;
}

/// The value of x-amz-checksum-*: base64 of the digest's bytes.
std::string header(const std::string& hex) { return to_base64(from_hex(hex)); }

/// A CRC as hexadecimal digits of its own width.
std::string digits(std::uint64_t value, std::size_t width) {
  std::vector<std::byte> bytes(width / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[bytes.size() - 1 - i] = static_cast<std::byte>(value >> (8 * i));
  return to_hex(bytes);
}

std::string combined(const std::string& algorithm, const std::string& a, const std::string& b, std::uint64_t length) {
  if (algorithm == "CRC64NVME") return digits(crc64nvme_combine(word(a), word(b), length), 16);
  const auto low = [](const std::string& hex) { return static_cast<std::uint32_t>(word(hex)); };
  return digits(crc32c_combine(low(a), low(b), length), 8);
}

}  // namespace

TEST_CASE("the digests of every single vector are those that S3 carries") {
  int compared = 0;
  for (const Value& vector : cases(vectors(), "single")) {
    CAPTURE(text(vector, "id"));
    const auto bytes = bytes_of(member(vector, "input"));
    REQUIRE(bytes.size() == static_cast<std::size_t>(number(vector, "length")));
    const Checksums sums = sums_of(bytes);
    for (const auto& [name, digest] : algorithms) {
      CAPTURE(name);
      if (const Value* expected = find_member(member(vector, "expected"), name); expected != nullptr) {
        CHECK(sums.*digest == text(*expected, "hex"));
        CHECK(header(sums.*digest) == text(*expected, "header"));
        ++compared;
      }
      const Value* published = find_member(vector, "published");
      if (published == nullptr) continue;
      if (const Value* value = find_member(*published, name); value != nullptr) CHECK(sums.*digest == text(*value));
    }
    CHECK(to_hex(sha256(bytes)) == sums.sha256);
  }
  CHECK(compared > 0);
}

TEST_CASE("the parts of every multipart vector have its digests, composite checksum and full-object checksum") {
  int composites = 0;
  int full_objects = 0;
  for (const Value& vector : cases(vectors(), "multipart")) {
    CAPTURE(text(vector, "id"));
    std::vector<std::vector<std::byte>> parts;
    for (const Value& part : list(vector, "parts")) parts.push_back(bytes_of(part));
    REQUIRE_FALSE(parts.empty());
    std::vector<ByteView> views(parts.begin(), parts.end());
    std::vector<Sha256Digest> digests(parts.size());
    sha256_many(views, digests);
    for (const auto& [name, digest] : algorithms) {
      CAPTURE(name);
      const Value* expected = find_member(member(vector, "expected"), name);
      if (expected == nullptr) continue;
      const Value::List& headers = list(*expected, "parts");
      REQUIRE(headers.size() == parts.size());
      std::vector<std::byte> raw;  // the digests of the parts, one after another
      std::string whole;           // the CRCs of the parts, combined
      for (std::size_t i = 0; i < parts.size(); ++i) {
        const Checksums sums = sums_of(parts[i]);
        CHECK(header(sums.*digest) == text(headers[i]));
        CHECK(to_hex(digests[i]) == sums.sha256);
        const auto bytes = from_hex(sums.*digest);
        raw.insert(raw.end(), bytes.begin(), bytes.end());
        const bool is_crc = (sums.*digest).size() <= 16;
        if (is_crc) whole = i == 0 ? sums.*digest : combined(name, whole, sums.*digest, parts[i].size());
      }
      if (const auto* composite = member(*expected, "composite").get_if<std::string>(); composite != nullptr) {
        CHECK(header(sums_of(raw).*digest) + "-" + std::to_string(parts.size()) == *composite);
        ++composites;
      }
      if (const auto* full = member(*expected, "full_object").get_if<std::string>(); full != nullptr) {
        CHECK(header(whole) == *full);
        ++full_objects;
      }
    }
  }
  CHECK(composites > 0);
  CHECK(full_objects > 0);
}

TEST_CASE("the ETag of every multipart vector is the MD5 of the parts' MD5s") {
  for (const Value& vector : cases(vectors(), "multipart")) {
    CAPTURE(text(vector, "id"));
    std::vector<std::byte> raw;
    const Value::List& etags = list(vector, "part_etags");
    const Value::List& parts = list(vector, "parts");
    REQUIRE(etags.size() == parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::string md5 = sums_of(bytes_of(parts[i])).md5;
      CHECK('"' + md5 + '"' == text(etags[i]));
      const auto bytes = from_hex(md5);
      raw.insert(raw.end(), bytes.begin(), bytes.end());
    }
    CHECK('"' + sums_of(raw).md5 + '-' + std::to_string(parts.size()) + '"' == text(vector, "etag"));
  }
}

TEST_CASE("every combine vector gives the CRC of the whole without the bytes") {
  int compared = 0;
  for (const Value& vector : cases(vectors(), "combine")) {
    CAPTURE(text(vector, "id"));
    const auto a = bytes_of(member(vector, "a"));
    const auto b = bytes_of(member(vector, "b"));
    for (const auto& [name, digest] : algorithms) {
      CAPTURE(name);
      const Value* expected = find_member(member(vector, "expected"), name);
      if (expected == nullptr) continue;
      const std::string crc_a = text(*expected, "crc_a");
      const std::string crc_b = text(*expected, "crc_b");
      CHECK(sums_of(a).*digest == crc_a);
      CHECK(sums_of(b).*digest == crc_b);
      const auto length = static_cast<std::uint64_t>(number(*expected, "len_b"));
      CHECK(length == b.size());
      CHECK(combined(name, crc_a, crc_b, length) == text(*expected, "combined"));
      ++compared;
    }
  }
  CHECK(compared > 0);
}
