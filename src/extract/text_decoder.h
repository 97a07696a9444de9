#pragma once

#include <iconv.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "extract/charset.h"

namespace docupilot::inline v1 {

/// Turns the bytes of a text into UTF-8 as they come, in bounded memory. It finds the charset out of the mark at the
/// front, what it is told, and the bytes; as long as they are ASCII it does not need to decide.
class TextDecoder {
 public:
  /// `declared` is a label from outside; `markup` looks for one inside, too.
  TextDecoder(std::string_view declared, bool markup) : declared_(declared), markup_(markup) {}
  ~TextDecoder();
  TextDecoder(const TextDecoder&) = delete;
  TextDecoder& operator=(const TextDecoder&) = delete;

  /// Adds the text of these bytes to `out`; it may hold some back for later. Errors: corrupted when they are no text in
  /// the charset, or binary; invalid_argument for a declared charset that nobody knows.
  [[nodiscard]] Result<void> feed(std::string_view bytes, std::string& out) { return take(bytes, false, out); }
  /// There is no more.
  [[nodiscard]] Result<void> finish(std::string& out) { return take({}, true, out); }
  /// As IANA names it; UTF-8 for ASCII. Final after `finish`.
  [[nodiscard]] std::string_view charset() const noexcept { return charset_.name; }

 private:
  enum class State { head, ascii, sample, decode };

  Result<void> take(std::string_view bytes, bool last, std::string& out);
  Result<void> read_head();
  Result<void> read_sample(bool last, std::string& out);
  /// Decodes the sample; takes everything back when the bytes are no text in this charset.
  Result<void> attempt(const Charset& charset, std::string_view sample, bool last, std::string& out);
  Result<void> use(const Charset& charset);
  Result<void> decode(std::string_view bytes, bool last, std::string& out);
  Result<void> decode_utf8(std::string_view bytes, bool last, std::string& out);
  Result<void> convert(std::string_view bytes, bool last, std::string& out);
  [[nodiscard]] Error undecodable(std::size_t offset) const;
  [[nodiscard]] Result<void> refuse_binary(std::string_view bytes) const;

  std::string declared_;
  bool markup_;
  State state_ = State::head;
  Charset charset_ = utf8_charset;
  bool embedded_ = false;      // charset_ comes from the markup, and is believed less
  bool given_ = false;         // charset_ comes from outside or inside, not from the bytes
  std::string held_;           // bytes not decided yet, or the cut character at the end of the last ones
  std::uint64_t decoded_ = 0;  // bytes before held_
  iconv_t converter_ = nullptr;
};

/// All of `bytes` as UTF-8; `charset` gets the name of what they were.
[[nodiscard]] Result<std::string> decode_text(std::string_view bytes, std::string_view declared, bool markup,
                                              std::string& charset);

}  // namespace docupilot::inline v1
