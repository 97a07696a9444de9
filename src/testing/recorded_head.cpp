#include "testing/recorded_head.h"

#include <utility>

#include "testing/http_text.h"

namespace docupilot::inline v1::testing {

RecordedRequest recorded_head(const std::string& head, std::size_t connection) {
  Head parsed = parse_head(head);
  RecordedRequest request;
  request.connection = connection;
  request.malformed = !head_size(head) || !request_framing(parsed);
  request.head = head;
  request.method = std::move(parsed.first);
  request.target = std::move(parsed.second);
  request.version = std::move(parsed.third);
  request.headers = std::move(parsed.fields);
  return request;
}

}  // namespace docupilot::inline v1::testing
