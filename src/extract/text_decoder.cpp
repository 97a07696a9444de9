#include "extract/text_decoder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/try.h"
#include "base/utf8.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::size_t head_size = 4096;
constexpr std::size_t sample_size = 64U << 10U;

/// Length of the ASCII at the front that means the same in every charset: an escape may begin Japanese.
std::size_t ascii_prefix(std::string_view bytes) noexcept {
  const std::size_t escape = std::min(bytes.find('\x1b'), bytes.size());
  const char* at = bytes.data();
  const char* const end = at + escape;
  std::uint64_t block = 0;
  for (; end - at >= 8; at += 8) {
    std::memcpy(&block, at, sizeof block);
    if ((block & 0x8080808080808080U) != 0) break;
  }
  while (at < end && (static_cast<unsigned char>(*at) & 0x80U) == 0) ++at;
  return static_cast<std::size_t>(at - bytes.data());
}

/// Length of the valid UTF-8 at the front.
std::size_t utf8_prefix_valid(std::string_view bytes) noexcept {
  std::size_t done = 0;
  while (done < bytes.size()) {
    std::uint64_t block = 0;
    for (; done + sizeof block <= bytes.size(); done += sizeof block) {
      std::memcpy(&block, bytes.data() + done, sizeof block);
      if ((block & 0x8080808080808080U) != 0) break;
    }
    if (done == bytes.size()) break;
    const std::size_t length = utf8_sequence(bytes.substr(done));
    if (length == 0) break;
    done += length;
  }
  return done;
}

}  // namespace

TextDecoder::~TextDecoder() {
  if (converter_ != nullptr) iconv_close(converter_);
}

Error TextDecoder::undecodable(std::size_t offset) const {
  return Error(ErrorCode::corrupted, "the bytes at offset " + std::to_string(decoded_ + offset) + " are no text in " +
                                         std::string(charset_.name))
      .hint(
          "the file is damaged, or in another charset: name it in the content type, as in text/plain; charset=koi8-r");
}

Result<void> TextDecoder::refuse_binary(std::string_view bytes) const {
  if (bytes.empty() || std::memchr(bytes.data(), 0, bytes.size()) == nullptr) return {};
  return Error(ErrorCode::corrupted, "there are NUL bytes in it: these are binary data, not text")
      .hint("check the file, and give the content type that it has");
}

Result<void> TextDecoder::use(const Charset& charset) {
  charset_ = charset;
  state_ = State::decode;
  if (charset == utf8_charset) return {};
  const iconv_t converter = iconv_open("UTF-8", charset.iconv_name);
  if (converter == reinterpret_cast<iconv_t>(-1)) {  // NOLINT: what iconv_open gives for an error
    return Error(ErrorCode::unsupported, "the C library cannot convert " + std::string(charset.name))
        .hint("install its character set modules (gconv), or save the text as UTF-8");
  }
  converter_ = converter;
  return {};
}

Result<void> TextDecoder::take(std::string_view bytes, bool last, std::string& out) {
  if (state_ == State::head) {
    held_ += bytes;
    if (held_.size() < head_size && !last) return {};
    DOCUPILOT_CHECK(read_head());
    const std::string rest = std::move(held_);
    held_.clear();
    return take(rest, last, out);
  }
  if (state_ == State::ascii) {
    const std::size_t plain = ascii_prefix(bytes);
    DOCUPILOT_CHECK(refuse_binary(bytes.substr(0, plain)));
    out += bytes.substr(0, plain);
    decoded_ += plain;
    bytes.remove_prefix(plain);
    if (bytes.empty()) return {};
    state_ = State::sample;
  }
  if (state_ == State::sample) {
    held_ += bytes;
    if (held_.size() < sample_size && !last) return {};
    return read_sample(last, out);
  }
  return decode(bytes, last, out);
}

Result<void> TextDecoder::read_head() {
  std::size_t mark = 0;
  if (const auto marked = marked_charset(held_, mark)) {
    held_.erase(0, mark);
    decoded_ = mark;
    return use(*marked);
  }
  if (!declared_.empty()) {
    const auto declared = find_charset(declared_);
    if (!declared) {
      return Error(ErrorCode::invalid_argument, "the charset '" + escape_controls(declared_) + "' is unknown")
          .hint("leave the charset out of the content type to have it found out");
    }
    if (is_wide(*declared)) return use(*declared);
    charset_ = *declared;
    given_ = true;
  }
  if (!given_) {
    if (const auto wide = unmarked_utf16(std::string_view(held_).substr(0, head_size))) return use(*wide);
    // Markup that says it is UTF-16 in bytes that are not is read as UTF-8, as browsers do.
    const auto embedded = markup_ ? find_charset(embedded_charset(held_)) : std::nullopt;
    if (embedded) charset_ = is_wide(*embedded) ? utf8_charset : *embedded;
    given_ = embedded_ = embedded.has_value();
  }
  state_ = State::ascii;
  return {};
}

Result<void> TextDecoder::attempt(const Charset& charset, std::string_view sample, bool last, std::string& out) {
  const std::size_t kept = out.size();
  const std::uint64_t before = decoded_;
  DOCUPILOT_CHECK(use(charset));
  auto result = decode(sample, last, out);
  if (result) return result;
  out.resize(kept);
  held_.clear();
  decoded_ = before;
  if (converter_ != nullptr) iconv_close(converter_);
  converter_ = nullptr;
  return result;
}

Result<void> TextDecoder::read_sample(bool last, std::string& out) {
  const std::string bytes = std::move(held_);
  held_.clear();
  DOCUPILOT_CHECK(refuse_binary(bytes));
  const std::string_view sample = std::string_view(bytes).substr(0, sample_size);
  const auto detected = detect_charset(sample, last && sample.size() == bytes.size());

  // A page saved anew as UTF-8 often keeps its old <meta>, and bytes are UTF-8 by accident only when they are few.
  const bool outdated = embedded_ && detected && *detected == utf8_charset;
  if (given_ && !outdated) {
    auto result = attempt(charset_, bytes, last, out);
    if (result) return result;
    if (!embedded_) {
      if (charset_ == windows_1252 || !plausible_windows_1252(sample)) return result;
      return attempt(windows_1252, bytes, last, out);
    }
  }
  if (!detected) return detected.error();
  if (*detected != utf8_charset && has_binary_bytes(sample)) {
    return Error(ErrorCode::corrupted, "there are control bytes in it: these are binary data, not text")
        .hint("check the file, and give the content type that it has");
  }
  auto result = attempt(*detected, bytes, last, out);
  if (result || *detected == windows_1252 || !plausible_windows_1252(sample)) return result;
  return attempt(windows_1252, bytes, last, out);
}

Result<void> TextDecoder::decode(std::string_view bytes, bool last, std::string& out) {
  if (!is_wide(charset_)) DOCUPILOT_CHECK(refuse_binary(bytes));
  if (held_.empty()) return charset_ == utf8_charset ? decode_utf8(bytes, last, out) : convert(bytes, last, out);
  std::string joined = std::move(held_);
  joined += bytes;
  held_.clear();
  return charset_ == utf8_charset ? decode_utf8(joined, last, out) : convert(joined, last, out);
}

Result<void> TextDecoder::decode_utf8(std::string_view bytes, bool last, std::string& out) {
  const std::size_t valid = utf8_prefix_valid(bytes);
  const std::string_view rest = bytes.substr(valid);
  const bool cut = !rest.empty() && !last && rest.size() < 4 && static_cast<unsigned char>(rest[0]) >= 0xc2;
  if (!rest.empty() && !cut) return undecodable(valid);
  out += bytes.substr(0, valid);
  decoded_ += valid;
  held_ = rest;
  return {};
}

Result<void> TextDecoder::convert(std::string_view bytes, bool last, std::string& out) {
  std::array<char, 16U << 10U> buffer;
  char* in = const_cast<char*>(bytes.data());  // NOLINT: iconv does not write there
  std::size_t in_left = bytes.size();
  for (bool flushing = false;;) {
    char* to = buffer.data();
    std::size_t room = buffer.size();
    const std::size_t status =
        flushing ? iconv(converter_, nullptr, nullptr, &to, &room) : iconv(converter_, &in, &in_left, &to, &room);
    out.append(buffer.data(), buffer.size() - room);
    if (status == static_cast<std::size_t>(-1)) {
      if (errno == E2BIG) continue;
      if (errno != EINVAL || last) return undecodable(bytes.size() - in_left);
      break;
    }
    if (!last || flushing) break;
    flushing = true;
  }
  decoded_ += bytes.size() - in_left;
  held_.assign(in, in_left);
  return {};
}

Result<std::string> decode_text(std::string_view bytes, std::string_view declared, bool markup, std::string& charset) {
  TextDecoder decoder(declared, markup);
  std::string text;
  text.reserve(bytes.size() + bytes.size() / 8);
  DOCUPILOT_CHECK(decoder.feed(bytes, text));
  DOCUPILOT_CHECK(decoder.finish(text));
  charset = decoder.charset();
  return text;
}

}  // namespace docupilot::inline v1
