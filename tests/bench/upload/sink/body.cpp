#include "body.h"

#include <algorithm>
#include <charconv>

namespace sink {

Body::Body(Channel& channel, const Request& request, std::uint64_t rate)
    : channel_(channel), pace_(rate), chunked_(request.chunked) {
  if (chunked_) return;
  rest_ = request.length.value_or(0);
  ended_ = rest_ == 0;
}

std::size_t Body::read(char* into, std::size_t size) {
  if (ended_ || (rest_ == 0 && chunked_ && !next_chunk())) return 0;
  const std::size_t most = pace_.limits() ? std::min(size, std::size_t{256} << 10U) : size;
  const std::size_t count = channel_.read(into, static_cast<std::size_t>(std::min<std::uint64_t>(most, rest_)));
  if (count > 0) {
    pace_.took(count);
    took(count);
  }
  return count;
}

std::string Body::read_all(std::size_t limit) {
  std::string all;
  char block[16'384];
  while (all.size() < limit) {
    const std::size_t count = read(block, std::min(sizeof block, limit - all.size()));
    if (count == 0) break;
    all.append(block, count);
  }
  return all;
}

bool Body::discard(std::uint64_t count) {
  while (count > 0 && !ended_) {
    if (rest_ == 0 && chunked_ && !next_chunk()) break;
    const std::uint64_t now = std::min(count, rest_);
    if (!channel_.discard(now, pace_)) return false;
    took(now);
    count -= now;
  }
  return count == 0 || ended_;
}

void Body::took(std::uint64_t count) {
  rest_ -= count;
  taken_ += count;
  ended_ = rest_ == 0 && !chunked_;
}

// False at the last chunk, and when there is none where there should be one.
bool Body::next_chunk() {
  std::string line;
  if (!first_chunk_ && (!read_line(line) || !line.empty())) return false;
  first_chunk_ = false;
  if (!read_line(line)) return false;
  const char* const end = line.data() + line.size();
  const auto [at, error] = std::from_chars(line.data(), end, rest_, 16);
  if (error != std::errc() || (at != end && *at != ';')) return false;
  if (rest_ > 0) return true;
  while (read_line(line)) {  // trailers, which nobody needs here
    if (line.empty()) {
      ended_ = true;
      break;
    }
  }
  return false;
}

bool Body::read_line(std::string& line) {
  line.clear();
  char c = 0;
  while (line.size() < 4096 && channel_.read(&c, 1) == 1) {
    line += c;
    if (!line.ends_with("\r\n")) continue;
    line.resize(line.size() - 2);
    return true;
  }
  return false;
}

}  // namespace sink
