#include "aws_chunked.h"

#include <charconv>
#include <optional>

#include "checksum.h"

namespace sink {

namespace {

constexpr std::size_t smallest_chunk = std::size_t{8} << 10U;

class Parser {
 public:
  Parser(std::string_view raw, std::string_view payload, const SignedBy* by)
      : rest_(raw),
        signed_(payload.starts_with("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")),
        trailing_(payload.ends_with("-TRAILER")),
        by_(by) {
    if (by_ != nullptr) before_ = by_->signature;
  }

  Unframed parse() {
    if (signed_ && by_ == nullptr) out_.fault = "chunks are signed, and the head is not";
    std::size_t size = 1;
    std::size_t last = smallest_chunk;
    while (size > 0 && out_.fault.empty()) {
      size = chunk();
      if (size > 0 && last < smallest_chunk) fail("a chunk that is not the last has less than 8 KiB");
      last = size;
    }
    if (trailing_) trailers();
    else if (take_line() != "") fail("the last chunk is not followed by an empty line");
    if (!rest_.empty()) fail("bytes follow the end");
    return std::move(out_);
  }

 private:
  void fail(std::string what) {
    if (out_.fault.empty()) out_.fault = std::move(what);
  }

  std::optional<std::string_view> take_line() {
    const std::size_t end = rest_.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 2);
    return line;
  }

  // Returns how many bytes it had; 0 for the last one and after a fault.
  std::size_t chunk() {
    const auto line = take_line();
    if (!line) return fail("a chunk's head is missing"), 0;
    std::size_t size = 0;
    const char* const end = line->data() + line->size();
    const auto [at, error] = std::from_chars(line->data(), end, size, 16);
    const std::string_view extension(at, static_cast<std::size_t>(end - at));
    if (error != std::errc() || size > rest_.size()) return fail("a chunk's size is wrong"), 0;
    const std::string_view data = rest_.substr(0, size);
    rest_.remove_prefix(size);
    check(extension, data);
    out_.bytes += data;
    if (size > 0 && take_line() != "") return fail("a chunk does not end with its line"), 0;
    return size;
  }

  void check(std::string_view extension, std::string_view data) {
    constexpr std::string_view start = ";chunk-signature=";
    if (!signed_) {
      if (!extension.empty()) fail("a chunk of an unsigned body carries something");
      return;
    }
    if (!extension.starts_with(start)) return fail("a chunk is not signed");
    const std::string hashes = sha256_hex({}) + '\n' + sha256_hex(docupilot::as_bytes(data));
    before_ = chunk_signature(*by_, "AWS4-HMAC-SHA256-PAYLOAD", before_, hashes);
    if (extension.substr(start.size()) != before_) fail("the signature of a chunk is wrong");
  }

  void trailers() {
    std::string text;
    std::string signature;
    for (;;) {
      const auto line = take_line();
      if (!line) return fail("the trailers do not end with an empty line");
      if (line->empty()) break;
      const std::size_t colon = line->find(':');
      if (colon == std::string_view::npos) return fail("a trailer has no colon");
      std::string_view value = line->substr(colon + 1);
      while (value.starts_with(' ')) value.remove_prefix(1);
      const std::string_view name = line->substr(0, colon);
      if (name == "x-amz-trailer-signature") {
        signature = value;
        continue;
      }
      out_.trailers.emplace_back(name, value);
      text.append(name).append(":").append(value).append("\n");
    }
    if (!signed_ || !out_.fault.empty()) return;
    const std::string wanted =
        chunk_signature(*by_, "AWS4-HMAC-SHA256-TRAILER", before_, sha256_hex(docupilot::as_bytes(text)));
    if (signature != wanted) fail("the signature of the trailers is wrong");
  }

  std::string_view rest_;
  const bool signed_;
  const bool trailing_;
  const SignedBy* const by_;
  std::string before_;
  Unframed out_;
};

}  // namespace

Unframed parse_aws_chunked(std::string_view raw, std::string_view payload, const SignedBy* by) {
  return Parser(raw, payload, by).parse();
}

}  // namespace sink
