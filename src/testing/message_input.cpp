#include "testing/message_input.h"

#include <algorithm>

#include "testing/http_text.h"

namespace docupilot::inline v1::testing {

namespace {

constexpr std::size_t longest_head = 1U << 20U;

}  // namespace

std::string MessageInput::take_head() {
  for (;;) {
    const auto size = head_size(waiting());
    if (size || waiting().size() > longest_head || !read_more(16U << 10U)) {
      std::string head(waiting().substr(0, size.value_or(waiting().size())));
      use(head.size());
      return head;
    }
  }
}

bool MessageInput::fill(std::size_t most) { return !waiting().empty() || read_more(most); }

void MessageInput::use(std::size_t count) {
  used_ += count;
  if (used_ == bytes_.size()) {
    bytes_.clear();
    used_ = 0;
  }
}

bool MessageInput::read_more(std::size_t most) {
  char room[16U << 10U];
  const std::size_t count = channel_.read(room, std::clamp<std::size_t>(most, 1, sizeof room), waker_);
  if (count == 0) return false;
  bytes_.append(room, count);
  if (book_ != nullptr) book_->received(connection_, count);
  return true;
}

}  // namespace docupilot::inline v1::testing
