#pragma once

#include <string>
#include <string_view>

#include <docupilot/base/cancel.h>

namespace docupilot::inline v1 {

/// The call that is under way, named in each of its errors. Lives as long as that call; refers to its arguments.
struct StoreCall {
  std::string_view backend;
  std::string_view operation;
  std::string_view target;
  const Context& context;

  [[nodiscard]] Error name(Error error) const {
    return std::move(error).operation(operation).backend(backend).target(target);
  }
  [[nodiscard]] Error error(ErrorCode code, std::string message, std::string_view hint) const {
    return name(Error(code, std::move(message)).hint(hint));
  }
  /// The same result, its error named.
  template <class T>
  [[nodiscard]] Result<T> named(Result<T> result) const {
    return std::move(result).transform_error([this](Error error) { return Result<T>(name(std::move(error))); });
  }
  /// `told`, which says it better, in the place of `seen`, and with what that knew: the service's words, the attempts.
  [[nodiscard]] Error instead(Error told, const Error& seen) const {
    told = std::move(told).service(seen.http_status(), seen.service_code(), seen.request_id());
    told = std::move(told).attempts(seen.attempts());
    if (seen.cause() != nullptr) told = std::move(told).cause(*seen.cause());
    return name(std::move(told));
  }
  /// Whether the call should end.
  [[nodiscard]] Result<void> check() const { return named(context.check(operation)); }

  [[nodiscard]] Error not_found() const {
    return error(ErrorCode::not_found, "there is no object with this key", "list the keys to see what there is");
  }
  [[nodiscard]] Error no_upload() const {
    return error(ErrorCode::not_found, "there is no such multipart upload", "it was completed or aborted: begin anew");
  }
  [[nodiscard]] Error already_exists() const {
    return error(ErrorCode::already_exists, "there is an object with this key", "choose another key or replace it");
  }
  [[nodiscard]] Error precondition_failed() const {
    return error(ErrorCode::precondition_failed, "the object is not the one asked for",
                 "read the object again, then decide");
  }
  [[nodiscard]] Error wrong_part(int number) const {
    return error(ErrorCode::corrupted, "part " + std::to_string(number) + " is not the one that was sent",
                 "list the parts and send this one again");
  }
};

}  // namespace docupilot::inline v1
