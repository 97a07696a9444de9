#include "testing/body_decoder.h"

#include <algorithm>
#include <charconv>

namespace docupilot::inline v1::testing {

namespace {

/// Longer lines of chunk sizes and trailers are not followed.
constexpr std::size_t longest_line = 16U << 10U;

}  // namespace

BodyDecoder::BodyDecoder(Framing framing) : state_(State::done), left_(framing.length) {
  switch (framing.kind) {
    case Framing::Kind::none: state_ = State::done; break;
    case Framing::Kind::length: state_ = left_ == 0 ? State::done : State::data; break;
    case Framing::Kind::chunked: state_ = State::size_line; break;
    case Framing::Kind::until_close: state_ = State::rest; break;
  }
}

std::size_t BodyDecoder::feed(std::string_view wire, std::string& content) {
  std::size_t at = 0;
  while (at < wire.size() && state_ != State::done) {
    switch (state_) {
      case State::data:
      case State::chunk_data: {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, wire.size() - at));
        content += wire.substr(at, count);
        at += count;
        left_ -= count;
        if (left_ == 0) state_ = state_ == State::data ? State::done : State::chunk_end;
        break;
      }
      case State::size_line:
      case State::chunk_end:
      case State::trailer: {
        const char c = wire[at++];
        if (c == '\n') end_line();
        else if (line_.size() < longest_line) line_ += c;
        else state_ = State::broken;
        break;
      }
      case State::rest:
      case State::broken:
        content += wire.substr(at);
        at = wire.size();
        break;
      case State::done: break;
    }
  }
  return at;
}

/// One line of the chunked framing is complete, without its line feed.
void BodyDecoder::end_line() {
  if (line_.ends_with('\r')) line_.pop_back();
  if (state_ == State::size_line) {
    const auto [stop, error] = std::from_chars(line_.data(), line_.data() + line_.size(), left_, 16);
    const bool good = error == std::errc() && (stop == line_.data() + line_.size() || *stop == ';' || *stop == ' ');
    state_ = !good ? State::broken : left_ == 0 ? State::trailer : State::chunk_data;
  } else if (state_ == State::chunk_end) {
    state_ = line_.empty() ? State::size_line : State::broken;
  } else if (line_.empty()) {
    state_ = State::done;
  }
  line_.clear();
}

}  // namespace docupilot::inline v1::testing
