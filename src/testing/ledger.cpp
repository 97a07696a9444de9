#include <docupilot/testing/ledger.h>

#include "testing/book.h"
#include "testing/http_text.h"

namespace docupilot::inline v1::testing {

namespace {

template <class Wanted>
std::size_t count_fired(const Record& record, Wanted wanted) {
  std::size_t count = 0;
  for (const auto& connection : record.connections) {
    for (const Fault& fault : connection.faults_fired) count += wanted(fault) ? 1 : 0;
  }
  for (const auto& request : record.requests) {
    for (const Fault& fault : request.faults_fired) count += wanted(fault) ? 1 : 0;
  }
  return count;
}

}  // namespace

std::string_view RecordedRequest::header(std::string_view name) const { return find_field(headers, name); }

std::size_t Record::faults_fired() const {
  return count_fired(*this, [](const Fault&) { return true; });
}

std::size_t Record::faults_fired(Fault::Action action) const {
  return count_fired(*this, [&](const Fault& fault) { return fault.action == action; });
}

Record Ledger::snapshot() const { return book_->snapshot(); }

bool Ledger::wait_until(const std::function<bool(const Record&)>& wanted, std::chrono::milliseconds timeout) const {
  return book_->wait_until(wanted, timeout);
}

std::size_t Ledger::faults_fired() const { return snapshot().faults_fired(); }

std::size_t Ledger::faults_fired(Fault::Action action) const { return snapshot().faults_fired(action); }

}  // namespace docupilot::inline v1::testing
