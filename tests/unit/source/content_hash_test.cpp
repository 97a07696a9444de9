#include <docupilot/source/content_hash.h>

#include <algorithm>
#include <random>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "crypto/crc32c.h"
#include "crypto/crc64nvme.h"
#include "crypto/digest.h"
#include "crypto/sha256_kernel.h"
#include "crypto/sha256_many.h"

using namespace docupilot;

namespace {

std::vector<std::byte> random_bytes(std::size_t size, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> bytes(size);
  for (std::byte& b : bytes) b = static_cast<std::byte>(random());
  return bytes;
}

constexpr Hashes all = Hashes::sha256 | Hashes::crc32c | Hashes::crc64nvme | Hashes::md5;

Checksums hash_whole(ByteView bytes, Hashes which = all) {
  ContentHash hash(which);
  hash.update(bytes);
  return hash.finish();
}

/// The definition of a reflected CRC, bit by bit.
template <class Word>
Word crc_by_definition(Word polynomial, ByteView bytes) {
  Word state = static_cast<Word>(~Word{0});
  for (const std::byte b : bytes) {
    state ^= std::to_integer<Word>(b);
    for (int i = 0; i < 8; ++i) state = (state >> 1U) ^ ((state & 1U) != 0 ? polynomial : 0);
  }
  return static_cast<Word>(~state);
}

template <class Word>
void compare_kernels(std::span<const crc::Kernel<Word>> kernels, Word polynomial) {
  REQUIRE_FALSE(kernels.empty());
  CHECK(std::string(kernels.front().name) == "table");
  const auto bytes = random_bytes(6000, 7);
  const ByteView some = ByteView(bytes).first(1021);
  const Word defined = crc_by_definition(polynomial, some);
  CHECK(static_cast<Word>(~kernels.front().update(static_cast<Word>(~Word{0}), some.data(), some.size())) == defined);

  std::mt19937_64 random(8);
  for (int i = 0; i < 3000; ++i) {
    const std::size_t offset = random() % 64;
    const std::size_t size = i < 600 ? static_cast<std::size_t>(i) : random() % 5900;
    const Word state = static_cast<Word>(random());
    const Word expected = kernels.front().update(state, bytes.data() + offset, size);
    for (const auto& kernel : kernels) {
      CAPTURE(kernel.name);
      CAPTURE(offset);
      CAPTURE(size);
      REQUIRE(kernel.update(state, bytes.data() + offset, size) == expected);
    }
  }
}

}  // namespace

TEST_CASE("every CRC-32C kernel of this processor agrees with the table and the definition") {
  compare_kernels(crc::crc32c_kernels(), std::uint32_t{0x82f63b78});
}

TEST_CASE("every CRC-64/NVME kernel of this processor agrees with the table and the definition") {
  compare_kernels(crc::crc64nvme_kernels(), std::uint64_t{0x9a6c9329ac4bc9b5});
}

TEST_CASE("the CRCs give the published check values and go on from an earlier value") {
  CHECK(crc32c(as_bytes("123456789")) == 0xe3069283U);
  CHECK(crc64nvme(as_bytes("123456789")) == 0xae8b14860a799888U);
  CHECK(crc32c({}) == 0);
  CHECK(crc64nvme({}) == 0);
  CHECK(crc32c(as_bytes("56789"), crc32c(as_bytes("1234"))) == 0xe3069283U);
  CHECK(crc64nvme(as_bytes("56789"), crc64nvme(as_bytes("1234"))) == 0xae8b14860a799888U);
}

TEST_CASE("CRCs of two parts combine to that of the whole, whatever the lengths") {
  const auto bytes = random_bytes(70000, 1);
  std::mt19937_64 random(2);
  for (int i = 0; i < 200; ++i) {
    const std::size_t size = random() % bytes.size();
    const std::size_t cut = i == 0 ? 0 : i == 1 ? size : random() % (size + 1);
    const ByteView a = ByteView(bytes).first(cut);
    const ByteView b = ByteView(bytes).subspan(cut, size - cut);
    const ByteView whole = ByteView(bytes).first(size);
    REQUIRE(crc32c_combine(crc32c(a), crc32c(b), b.size()) == crc32c(whole));
    REQUIRE(crc64nvme_combine(crc64nvme(a), crc64nvme(b), b.size()) == crc64nvme(whole));
  }
}

TEST_CASE("combining is associative for lengths that no test could hash") {
  constexpr std::uint64_t b = 3'000'000'000'000;
  constexpr std::uint64_t c = (std::uint64_t{1} << 62U) + 12345;
  CHECK(crc32c_combine(crc32c_combine(1, 2, b), 3, c) == crc32c_combine(1, crc32c_combine(2, 3, c), b + c));
  CHECK(crc64nvme_combine(crc64nvme_combine(1, 2, b), 3, c) == crc64nvme_combine(1, crc64nvme_combine(2, 3, c), b + c));
}

TEST_CASE("digests of known texts are those of the standards") {
  const auto sha256_hex = [](std::string_view text) { return to_hex(sha256(as_bytes(text))); };
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256_hex(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");

  const Checksums sums = hash_whole(as_bytes("abc"));
  CHECK(sums.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sums.md5 == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(sums.crc32c == "364b3fb7");
  CHECK(sums.crc64nvme == "05e5cabb3fc1faeb");
}

TEST_CASE("a stream without bytes has the digests of nothing") {
  ContentHash hash(all);
  const Checksums sums = hash.finish();
  CHECK(sums.sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sums.md5 == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(sums.crc32c == "00000000");
  CHECK(sums.crc64nvme == "0000000000000000");
}

TEST_CASE("only the digests that were asked for are computed") {
  const Checksums standard = [] {
    ContentHash hash;
    hash.update(as_bytes("abc"));
    return hash.finish();
  }();
  CHECK_FALSE(standard.sha256.empty());
  CHECK_FALSE(standard.crc64nvme.empty());
  CHECK(standard.crc32c.empty());
  CHECK(standard.md5.empty());
  CHECK(hash_whole(as_bytes("abc"), Hashes::none) == Checksums{});
  CHECK(hash_whole(as_bytes("abc"), Hashes::md5) == Checksums{{}, {}, {}, "900150983cd24fb0d6963f7d28e17f72"});
  CHECK(hash_whole(as_bytes("abc"), Hashes::crc32c) == Checksums{{}, "364b3fb7", {}, {}});
}

TEST_CASE("where the stream is cut into blocks does not matter") {
  const auto bytes = random_bytes(300'000, 3);
  const Checksums whole = hash_whole(bytes);
  std::mt19937_64 random(4);
  ContentHash hash(all);
  for (int round = 0; round < 30; ++round) {
    std::size_t place = 0;
    while (place < bytes.size()) {
      const std::size_t most = round % 3 == 0 ? 100'000 : round % 3 == 1 ? 5000 : 70'000;
      const std::size_t size = std::min<std::size_t>(random() % most, bytes.size() - place);
      hash.update(ByteView(bytes).subspan(place, size));
      place += size;
      REQUIRE(hash.size() == place);
    }
    REQUIRE(hash.finish() == whole);
    REQUIRE(hash.size() == 0);
  }
}

TEST_CASE("a content hash moves with what it was fed") {
  ContentHash hash(all);
  hash.update(as_bytes("a"));
  ContentHash moved = std::move(hash);
  moved.update(as_bytes("bc"));
  CHECK(moved.size() == 3);
  CHECK(moved.finish() == hash_whole(as_bytes("abc")));
}

TEST_CASE("many blocks at once have the digests they have one by one") {
  const auto bytes = random_bytes(100'000, 5);
  const std::size_t edges[] = {0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 4096, 70'000};
  std::mt19937_64 random(6);
  for (int round = 0; round < 400; ++round) {
    std::vector<ByteView> blocks(static_cast<std::size_t>(round % 40));
    for (ByteView& block : blocks) {
      const std::size_t size = random() % 4 == 0 ? random() % 9000 : edges[random() % std::size(edges)];
      block = ByteView(bytes).subspan(random() % (bytes.size() - size), size);
    }
    std::vector<Sha256Digest> expected(blocks.size());
    crypto::Digest openssl = crypto::Digest::sha256();
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      openssl.update(blocks[i]);
      openssl.finish(expected[i]);
      REQUIRE(crypto::sha256(blocks[i]) == expected[i]);
    }
    std::vector<Sha256Digest> digests(blocks.size());
    sha256_many(blocks, digests);
    REQUIRE(digests == expected);
    // Each kernel alone, and all of them, of which the one for as many as are left changes on the way.
    const auto kernels = sha256_kernels();
    std::vector<Sha256Kernel> by_lanes(kernels.begin(), kernels.end());
    std::ranges::sort(by_lanes, {}, &Sha256Kernel::lanes);
    std::vector<std::span<const Sha256Kernel>> choices{by_lanes};
    for (std::size_t i = 0; i < kernels.size(); ++i) choices.push_back(kernels.subspan(i, 1));
    for (std::size_t i = 0; i < choices.size() && !kernels.empty(); ++i) {
      const std::size_t lanes = round < 40 ? sha256_most_lanes : 1 + random() % sha256_most_lanes;
      CAPTURE(i);
      CAPTURE(lanes);
      std::vector<Sha256Digest> interleaved(blocks.size());
      sha256_interleaved(blocks, interleaved, choices[i], lanes);
      REQUIRE(interleaved == expected);
    }
  }
}

TEST_CASE("the SHA-256 kernel for so many is the last one that they are enough for") {
  const auto never = [](Sha256Lane*, std::size_t, std::size_t) noexcept {};
  const Sha256Kernel few{.name = "few", .lanes = 4, .fewest = 1, .compress = never};
  const Sha256Kernel many{.name = "many", .lanes = 16, .fewest = 10, .compress = never};
  const auto name = [](std::size_t count, const std::vector<Sha256Kernel>& kernels) {
    const Sha256Kernel* kernel = sha256_kernel_for(count, kernels);
    return kernel == nullptr ? std::string_view("openssl") : kernel->name;
  };
  CHECK(name(16, {}) == "openssl");
  CHECK(name(1, {few, many}) == "few");
  CHECK(name(9, {few, many}) == "few");
  CHECK(name(10, {few, many}) == "many");
  CHECK(name(16, {few, many}) == "many");
  CHECK(name(16, {many, few}) == "few");
  CHECK(name(9, {many}) == "openssl");
  CHECK(name(10, {many}) == "many");
}

TEST_CASE("hexadecimal is in lower case with both digits of every byte") {
  CHECK(to_hex({}).empty());
  const std::byte bytes[] = {std::byte{0}, std::byte{0x0a}, std::byte{0xf0}, std::byte{0xff}};
  CHECK(to_hex(bytes) == "000af0ff");
}

TEST_CASE("the kernels in use are named") {
  const std::string text = hash_kernels();
  CHECK(text.find("crc32c: " + std::string(crc::crc32c_kernels().back().name)) != std::string::npos);
  CHECK(text.find("crc64nvme: " + std::string(crc::crc64nvme_kernels().back().name)) != std::string::npos);
  const Sha256Kernel* sha256 = sha256_kernel_for(sha256_most_lanes, sha256_kernels());
  CHECK(text.find("sha256: " + std::string(sha256 == nullptr ? "openssl" : sha256->name)) != std::string::npos);
  CHECK((sha256 == nullptr || text.ends_with(" x" + std::to_string(sha256->lanes))));
}
