// What an upload costs at the least: programs for exactly this, on one connection, without a library. What others are
// measured by, so it is not to be changed; a better idea becomes a contender.
//
//   upload_floor file|signed|stdin|small --endpoint URL [--ca-file PEM] --bucket B --key K [--part-size N] [FILE...]
//
//   file    parts of a file: pread 256 KiB, CRC64NVME over them while they are in the cache, send. Unsigned. Over HTTPS
//           with SSL_write: the naive sender.
//   signed  likewise, and before each part is sent it is read once more and hashed, since a signature over the payload
//           goes ahead of it. The key is that of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
//   stdin   parts of standard input in a buffer of a part's size, CRC64NVME, send; the pipe is widened to 1 MiB.
//   small   each file in one request: open, fstat, read, CRC64NVME, send. Keys are K and the file's name.

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

#include "bench/support/floor_digest.h"
#include "crypto/crc64nvme.h"
#include "s3_head.h"
#include "wire.h"

namespace {

constexpr std::size_t block = std::size_t{256} << 10U;

struct Settings {
  std::string endpoint;
  std::string ca_file;
  std::string bucket;
  std::string key;
  std::uint64_t part_size = std::uint64_t{8} << 20U;
  std::vector<std::string> files;
};

std::uint64_t crc_of(std::string_view bytes, std::uint64_t before = 0) {
  return docupilot::crc::crc64nvme(docupilot::as_bytes(bytes), before);
}

std::string value(const char* name) {
  const char* const found = std::getenv(name);
  return found == nullptr ? "" : found;
}

class Floor {
 public:
  Floor(const Settings& settings, bool sign)
      : settings_(settings),
        sign_(sign),
        wire_(settings.endpoint, settings.ca_file),
        head_(wire_.host(), sign ? value("AWS_ACCESS_KEY_ID") : "", value("AWS_SECRET_ACCESS_KEY")),
        path_('/' + settings.bucket + '/' + settings.key) {}

  void put_file(const std::string& name) {
    const int fd = open(name);
    struct stat facts{};
    ::fstat(fd, &facts);
    const auto size = static_cast<std::uint64_t>(facts.st_size);
    buffer_.resize(block);
    begin();
    for (std::uint64_t at = 0; at < size; at += settings_.part_size) {
      put_part_of(fd, at, std::min(settings_.part_size, size - at));
    }
    complete();
    ::close(fd);
  }

  void put_stdin() {
    ::fcntl(STDIN_FILENO, F_SETPIPE_SZ, 1 << 20);  // refused for a file, which is as well
    buffer_.resize(settings_.part_size);
    std::uint64_t crc = 0;
    std::size_t filled = fill(crc);
    if (filled < buffer_.size()) {
      put(path_, "", std::string_view(buffer_).substr(0, filled), crc);
      return;
    }
    begin();
    while (filled > 0) {
      put(path_, part_query(), std::string_view(buffer_).substr(0, filled), crc);
      note_part(crc);
      filled = fill(crc);
    }
    complete();
  }

  void put_small(const std::string& name) {
    const int fd = open(name);
    struct stat facts{};
    ::fstat(fd, &facts);
    buffer_.resize(std::max(buffer_.size(), static_cast<std::size_t>(facts.st_size)));
    const ssize_t count = ::read(fd, buffer_.data(), static_cast<std::size_t>(facts.st_size));
    if (count != facts.st_size) fail("cannot read " + name);
    ::close(fd);
    const std::string_view body(buffer_.data(), static_cast<std::size_t>(count));
    put(path_ + name.substr(name.rfind('/') + 1), "", body, crc_of(body));
  }

 private:
  static int open(const std::string& name) {
    const int fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) fail("cannot open " + name);
    return fd;
  }

  std::string_view read_at(int fd, std::uint64_t at, std::uint64_t most) {
    const ssize_t count = ::pread(fd, buffer_.data(), static_cast<std::size_t>(std::min<std::uint64_t>(most, block)),
                                  static_cast<off_t>(at));
    if (count <= 0) fail("cannot read the file");
    return {buffer_.data(), static_cast<std::size_t>(count)};
  }

  // Fills the buffer from standard input, and says its CRC.
  std::size_t fill(std::uint64_t& crc) {
    std::size_t filled = 0;
    crc = 0;
    while (filled < buffer_.size()) {
      const ssize_t count = ::read(STDIN_FILENO, buffer_.data() + filled, std::min(block, buffer_.size() - filled));
      if (count < 0) fail("cannot read standard input");
      if (count == 0) break;
      crc = crc_of({buffer_.data() + filled, static_cast<std::size_t>(count)}, crc);
      filled += static_cast<std::size_t>(count);
    }
    return filled;
  }

  void put_part_of(int fd, std::uint64_t from, std::uint64_t size) {
    std::string payload;
    if (sign_) {
      EVP_DigestInit_ex(digest_, EVP_sha256(), nullptr);
      for (std::uint64_t done = 0; done < size;) {
        const std::string_view bytes = read_at(fd, from + done, size - done);
        EVP_DigestUpdate(digest_, bytes.data(), bytes.size());
        done += bytes.size();
      }
      floor_digest::Digest digest{};
      EVP_DigestFinal_ex(digest_, digest.data(), nullptr);
      floor_digest::add_hex(payload, digest);
    }
    wire_.send(head_.make("PUT", path_, part_query(), size, payload, ""));
    std::uint64_t crc = 0;
    for (std::uint64_t done = 0; done < size;) {
      const std::string_view bytes = read_at(fd, from + done, size - done);
      crc = crc_of(bytes, crc);
      wire_.send(bytes);
      done += bytes.size();
    }
    note_etag();
    note_part(crc);
  }

  void put(const std::string& path, const std::string& query, std::string_view body, std::uint64_t crc) {
    wire_.send(head_.make("PUT", path, query, body.size(), "UNSIGNED-PAYLOAD", floor_digest::base64_of_crc(crc)), body);
    note_etag();
  }

  void begin() {
    wire_.send(head_.make("POST", path_, "uploads=", 0, hash_of(""), ""));
    const std::string& reply = wire_.reply();
    const std::size_t at = reply.find("<UploadId>") + 10;
    upload_ = reply.substr(at, reply.find('<', at) - at);
    parts_ = "<CompleteMultipartUpload>";
    number_ = 1;
  }

  std::string part_query() const { return "partNumber=" + std::to_string(number_) + "&uploadId=" + upload_; }

  void note_etag() {
    const std::string& reply = wire_.reply();
    const std::size_t at = reply.find("\r\nETag: ") + 8;
    etag_ = reply.substr(at, reply.find('\r', at) - at);
  }

  void note_part(std::uint64_t crc) {
    parts_ += "<Part><PartNumber>" + std::to_string(number_++) + "</PartNumber><ETag>" + etag_ +
              "</ETag><ChecksumCRC64NVME>" + floor_digest::base64_of_crc(crc) + "</ChecksumCRC64NVME></Part>";
  }

  void complete() {
    parts_ += "</CompleteMultipartUpload>";
    wire_.send(head_.make("POST", path_, "uploadId=" + upload_, parts_.size(), hash_of(parts_), ""), parts_);
    static_cast<void>(wire_.reply());
  }

  std::string hash_of(std::string_view body) const {
    std::string text;
    floor_digest::add_hex(text, floor_digest::sha256(body));
    return text;
  }

  const Settings& settings_;
  const bool sign_;
  Wire wire_;
  S3Head head_;
  const std::string path_;
  EVP_MD_CTX* const digest_ = EVP_MD_CTX_new();
  std::string buffer_;
  std::string upload_;
  int number_ = 1;
  std::string etag_;
  std::string parts_;
};

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  const std::string kind = argc > 1 ? argv[1] : "";
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    std::string* const text = word == "--endpoint"  ? &settings.endpoint
                              : word == "--ca-file" ? &settings.ca_file
                              : word == "--bucket"  ? &settings.bucket
                              : word == "--key"     ? &settings.key
                                                    : nullptr;
    if (text != nullptr && i + 1 < argc) *text = argv[++i];
    else if (word == "--part-size" && i + 1 < argc) settings.part_size = std::stoull(argv[++i]);
    else settings.files.push_back(word);
  }
  Floor floor(settings, kind == "signed");
  if (kind == "stdin") {
    floor.put_stdin();
  } else if (kind == "small") {
    for (const std::string& file : settings.files) floor.put_small(file);
  } else if ((kind == "file" || kind == "signed") && settings.files.size() == 1) {
    floor.put_file(settings.files.front());
  } else {
    fail("give file, signed, stdin or small, and files");
  }
  return 0;
}
