#include <docupilot/base/error.h>
#include <docupilot/base/result.h>

#include <utility>

#include "base/utf8.h"

namespace docupilot::inline v1 {

struct Error::Details {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::string operation;
  std::string backend;
  std::string target;
  std::string hint;
  std::string service_code;
  std::string request_id;
  int http_status = 0;
  int attempts = 1;
  int retryable = -1;  // -1: follows from the code
  std::unique_ptr<Error> cause;

  Details() = default;
  Details(const Details& o)
      : code(o.code),
        message(o.message),
        operation(o.operation),
        backend(o.backend),
        target(o.target),
        hint(o.hint),
        service_code(o.service_code),
        request_id(o.request_id),
        http_status(o.http_status),
        attempts(o.attempts),
        retryable(o.retryable),
        cause(o.cause ? std::make_unique<Error>(*o.cause) : nullptr) {}
};

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::already_exists: return "already_exists";
    case ErrorCode::precondition_failed: return "precondition_failed";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::unauthenticated: return "unauthenticated";
    case ErrorCode::permission_denied: return "permission_denied";
    case ErrorCode::too_large: return "too_large";
    case ErrorCode::exhausted: return "exhausted";
    case ErrorCode::rate_limited: return "rate_limited";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::timeout: return "timeout";
    case ErrorCode::cancelled: return "cancelled";
    case ErrorCode::corrupted: return "corrupted";
    case ErrorCode::outcome_unknown: return "outcome_unknown";
    case ErrorCode::internal: return "internal";
  }
  return "internal";
}

Error::Error(ErrorCode code, std::string message) : details_(std::make_unique<Details>()) {
  details_->code = code;
  details_->message = std::move(message);
}
Error::~Error() = default;
Error::Error(const Error& other) : details_(std::make_unique<Details>(*other.details_)) {}
Error::Error(Error&& other) noexcept = default;
Error& Error::operator=(const Error& other) {
  if (this != &other) details_ = std::make_unique<Details>(*other.details_);
  return *this;
}
Error& Error::operator=(Error&& other) noexcept = default;

ErrorCode Error::code() const noexcept { return details_->code; }
const std::string& Error::message() const noexcept { return details_->message; }
const std::string& Error::operation() const noexcept { return details_->operation; }
const std::string& Error::backend() const noexcept { return details_->backend; }
const std::string& Error::target() const noexcept { return details_->target; }
const std::string& Error::hint() const noexcept { return details_->hint; }
const std::string& Error::service_code() const noexcept { return details_->service_code; }
const std::string& Error::request_id() const noexcept { return details_->request_id; }
int Error::http_status() const noexcept { return details_->http_status; }
int Error::attempts() const noexcept { return details_->attempts; }
const Error* Error::cause() const noexcept { return details_->cause.get(); }

bool Error::retryable() const noexcept {
  if (details_->retryable >= 0) return details_->retryable == 1;
  return details_->code == ErrorCode::unavailable || details_->code == ErrorCode::rate_limited ||
         details_->code == ErrorCode::timeout;
}

Error&& Error::operation(std::string_view name) && {
  details_->operation = name;
  return std::move(*this);
}
Error&& Error::backend(std::string_view scheme) && {
  details_->backend = scheme;
  return std::move(*this);
}
Error&& Error::target(std::string_view what) && {
  details_->target = escape_controls(what);
  return std::move(*this);
}
Error&& Error::hint(std::string_view what_to_do) && {
  details_->hint = what_to_do;
  return std::move(*this);
}
Error&& Error::service(int http_status, std::string_view code, std::string_view request_id) && {
  details_->http_status = http_status;
  details_->service_code = escape_controls(code);
  details_->request_id = escape_controls(request_id);
  return std::move(*this);
}
Error&& Error::attempts(int count) && {
  details_->attempts = count;
  return std::move(*this);
}
Error&& Error::retryable(bool value) && {
  details_->retryable = value ? 1 : 0;
  return std::move(*this);
}
Error&& Error::cause(Error below) && {
  details_->cause = std::make_unique<Error>(std::move(below));
  return std::move(*this);
}

std::string Error::to_string() const {
  const Details& d = *details_;
  std::string text;
  for (const std::string* part : {&d.operation, &d.backend}) {
    if (!part->empty()) text += *part + ' ';
  }
  if (!d.target.empty()) text += '\'' + d.target + "' ";
  if (!text.empty()) text.back() = ':', text += ' ';
  text += d.message;
  text += " (" + std::string(docupilot::to_string(d.code));
  if (d.http_status != 0) text += ", HTTP " + std::to_string(d.http_status);
  if (!d.service_code.empty()) text += ", " + d.service_code;
  if (!d.request_id.empty()) text += ", request " + d.request_id;
  if (d.attempts > 1) text += ", " + std::to_string(d.attempts) + " attempts";
  text += ')';
  if (!d.hint.empty()) text += " - " + d.hint;
  if (d.cause) text += "; caused by: " + d.cause->to_string();
  return text;
}

Exception::Exception(Error error) : error_(std::move(error)), text_(error_.to_string()) {}
Exception::~Exception() = default;
Exception::Exception(const Exception&) = default;
Exception& Exception::operator=(const Exception&) = default;

void detail::throw_error(Error error) { throw Exception(std::move(error)); }

}  // namespace docupilot::inline v1
