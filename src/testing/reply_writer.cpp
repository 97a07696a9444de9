#include "testing/reply_writer.h"

namespace docupilot::inline v1::testing {

void ReplyWriter::interim(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t count = 0;
    short events = 0;
    book_.change_both(request_, [&](RecordedRequest&, RecordedConnection& connection) {
      count = client_.write_some(bytes, events);
      connection.bytes_sent += count;
    });
    bytes.remove_prefix(count);
    if (count == 0) waker_.wait(client_.fd(), events);
  }
}

void ReplyWriter::announce(std::uint64_t bytes, bool last) {
  announced_ = bytes;
  last_ = last;
  if (bytes > 0 || !last) return;
  book_.change_request(request_, [](RecordedRequest& request) { request.reply_complete = true; });
}

void ReplyWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t count = 0;
    short events = 0;
    book_.change_both(request_, [&](RecordedRequest& request, RecordedConnection& connection) {
      count = client_.write_some(bytes, events);
      connection.bytes_sent += count;
      request.reply_bytes += count;
      announced_ -= count;
      if (last_ && announced_ == 0) request.reply_complete = true;
    });
    bytes.remove_prefix(count);
    if (count == 0) waker_.wait(client_.fd(), events);
  }
}

}  // namespace docupilot::inline v1::testing
