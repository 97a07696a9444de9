#include "http/chunked_body.h"

#include <algorithm>
#include <charconv>

namespace docupilot::inline v1::http {

namespace {

constexpr std::size_t longest_line = 4U << 10U;  // a size with its extensions, or a trailer
constexpr std::size_t most_trailers = 64U << 10U;

}  // namespace

ChunkedBody::Piece ChunkedBody::next(std::string_view bytes) {
  Piece piece;
  while (piece.taken < bytes.size() && state_ != State::done && state_ != State::broken) {
    if (state_ == State::content) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - piece.taken));
      piece.content = bytes.substr(piece.taken, count);
      left_ -= count;
      if (left_ == 0) state_ = State::content_end;
      break;
    }
    const char c = bytes[piece.taken++];
    if (state_ == State::trailer && ++trailers_ > most_trailers) state_ = State::broken;
    else if (c == '\n') end_line();
    else if (line_.size() < longest_line) line_ += c;
    else state_ = State::broken;
  }
  return piece;
}

void ChunkedBody::end_line() {
  if (line_.ends_with('\r')) line_.pop_back();
  if (state_ == State::size_line) {
    const char* const end = line_.data() + line_.size();
    const auto [stop, problem] = std::from_chars(line_.data(), end, left_, 16);
    const bool is_size = problem == std::errc() && (stop == end || *stop == ';' || *stop == ' ' || *stop == '\t');
    state_ = !is_size ? State::broken : left_ == 0 ? State::trailer : State::content;
  } else if (state_ == State::content_end) {
    state_ = line_.empty() ? State::size_line : State::broken;
  } else if (line_.empty()) {
    state_ = State::done;
  }
  line_.clear();
}

}  // namespace docupilot::inline v1::http
