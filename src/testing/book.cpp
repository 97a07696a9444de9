#include "testing/book.h"

#include <algorithm>
#include <utility>

namespace docupilot::inline v1::testing {

std::size_t Book::connect() {
  const std::lock_guard lock(mutex_);
  RecordedConnection& page = record_.connections.emplace_back();
  page.number = record_.connections.size() - 1;
  changed_.notify_all();
  return page.number;
}

RecordedRequest Book::enter(RecordedRequest request) {
  const std::lock_guard lock(mutex_);
  request.number = record_.requests.size();
  ++record_.connections[request.connection].requests;
  record_.requests.push_back(request);
  changed_.notify_all();
  return request;
}

void Book::body(std::size_t request, std::string_view content) {
  if (content.empty()) return;
  change_request(request, [&](RecordedRequest& page) {
    page.body_bytes += content.size();
    const std::size_t room = body_limit_ - std::min(body_limit_, page.body.size());
    page.body += content.substr(0, room);
  });
}

void Book::fired(std::size_t request, const Fault& fault) {
  change_request(request, [&](RecordedRequest& page) { page.faults_fired.push_back(fault); });
}

void Book::fired_on_connection(std::size_t connection, const Fault& fault) {
  change_connection(connection, [&](RecordedConnection& page) { page.faults_fired.push_back(fault); });
}

void Book::received(std::size_t connection, std::size_t bytes) {
  change_connection(connection, [&](RecordedConnection& page) { page.bytes_received += bytes; });
}

void Book::ended(std::size_t connection, RecordedConnection::Ending how, const std::string& note) {
  change_connection(connection, [&](RecordedConnection& page) {
    if (page.ending != RecordedConnection::Ending::open) return;
    page.ending = how;
    page.note = note;
  });
}

RecordedRequest Book::request(std::size_t number) const {
  const std::lock_guard lock(mutex_);
  return record_.requests[number];
}

Record Book::snapshot() const {
  const std::lock_guard lock(mutex_);
  return record_;
}

bool Book::wait_until(const std::function<bool(const Record&)>& wanted, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  // Against the system's clock: the wait on the steady one is unknown to the thread sanitizers of older compilers.
  return changed_.wait_until(lock, std::chrono::system_clock::now() + timeout, [&] { return wanted(record_); });
}

}  // namespace docupilot::inline v1::testing
