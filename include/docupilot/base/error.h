#pragma once

#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include <docupilot/base/export.h>

namespace docupilot::inline v1 {

/// What the caller can do about a failure. The set is closed: a new kind of trouble maps to one of these.
enum class ErrorCode {
  invalid_argument,     ///< The call itself is wrong: change it.
  unsupported,          ///< This backend or build cannot do it: choose another, or install what the hint names.
  not_found,            ///< There is no such thing.
  already_exists,       ///< It is there already, and the call asked for it not to be.
  precondition_failed,  ///< It has changed since it was read: read it again, then decide.
  conflict,             ///< Somebody else holds it, or the same key was used for other content.
  unauthenticated,      ///< The credentials are missing, expired or wrong.
  permission_denied,    ///< The credentials are good but may not do this.
  too_large,            ///< A limit was passed: raise the limit or send less.
  exhausted,            ///< Disk, quota, memory or descriptors have run out: free some and go on.
  rate_limited,         ///< Too many requests: wait, then go on.
  unavailable,          ///< Out of reach for now: try again later.
  timeout,              ///< The deadline passed or the transfer stalled.
  cancelled,            ///< The caller asked to stop.
  corrupted,            ///< Data are damaged or not what they claim to be: do not trust them.
  outcome_unknown,      ///< It may or may not have happened: look before doing it again.
  internal,             ///< The operating system or this library failed in a way that has no better name.
};

/// The code as the identifier above, for example "not_found". Stable: scripts may compare it.
[[nodiscard]] DOCUPILOT_EXPORT std::string_view to_string(ErrorCode code) noexcept;

/// One failure, told so that a person can mend it and a program can branch on it.
///
/// A value: cheap to move, deep to copy, safe to read from many threads. It is built step by step,
/// each step returning the error itself:
///
///     return Error(ErrorCode::not_found, "there is no object with this key")
///         .operation("get").backend("file").target(key).hint("list the store to see its keys");
///
/// Texts are meant for people and may change; `code()` is for programs. No text ever holds a secret.
class DOCUPILOT_EXPORT Error {
 public:
  Error(ErrorCode code, std::string message);
  ~Error();
  Error(const Error& other);
  Error(Error&& other) noexcept;
  Error& operator=(const Error& other);
  Error& operator=(Error&& other) noexcept;

  [[nodiscard]] ErrorCode code() const noexcept;
  /// What went wrong, in one sentence without the target.
  [[nodiscard]] const std::string& message() const noexcept;
  /// Which call failed, for example "put"; empty when unknown. So are the following.
  [[nodiscard]] const std::string& operation() const noexcept;
  /// Which backend, by its scheme: "file", "sqlite", "s3".
  [[nodiscard]] const std::string& backend() const noexcept;
  /// On what: a path, key or id. Control characters are shown escaped.
  [[nodiscard]] const std::string& target() const noexcept;
  /// What to do about it.
  [[nodiscard]] const std::string& hint() const noexcept;
  /// The server's own name of the error and of the request; empty for local backends.
  [[nodiscard]] const std::string& service_code() const noexcept;
  [[nodiscard]] const std::string& request_id() const noexcept;
  /// HTTP status, 0 when there was no reply.
  [[nodiscard]] int http_status() const noexcept;
  /// How often it was tried, at least 1.
  [[nodiscard]] int attempts() const noexcept;
  /// Whether the same call may succeed later without a change. Follows from the code unless set.
  [[nodiscard]] bool retryable() const noexcept;
  /// The failure below this one, or null. Owned by this error.
  [[nodiscard]] const Error* cause() const noexcept;

  Error&& operation(std::string_view name) &&;
  Error&& backend(std::string_view scheme) &&;
  Error&& target(std::string_view what) &&;
  Error&& hint(std::string_view what_to_do) &&;
  Error&& service(int http_status, std::string_view code, std::string_view request_id) &&;
  Error&& attempts(int count) &&;
  Error&& retryable(bool value) &&;
  Error&& cause(Error below) &&;

  /// All of it on one line: "put file 'a/b': no space left (exhausted) - free some space; caused by: ...".
  [[nodiscard]] std::string to_string() const;

 private:
  struct Details;
  std::unique_ptr<Details> details_;
};

/// The one exception of this library, thrown only by `Result::value()` and what is built on it.
class DOCUPILOT_EXPORT Exception : public std::exception {
 public:
  explicit Exception(Error error);
  ~Exception() override;
  Exception(const Exception&);
  Exception& operator=(const Exception&);

  [[nodiscard]] const Error& error() const noexcept { return error_; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  Error error_;
  std::string text_;
};

}  // namespace docupilot::inline v1
