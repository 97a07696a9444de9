#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <docupilot/base/error.h>

namespace docupilot::inline v1 {

namespace detail {
[[noreturn]] DOCUPILOT_EXPORT void throw_error(Error error);  // throws Exception
}

/// A value, or the reason why there is none. Spelled like std::expected (C++23, P0323), but the same type
/// in every language level, so that programs built as C++20 and C++23 can share the library.
///
///     auto document = client.document(id);
///     if (!document) return report(document.error());
///     use(document->title);
///
/// Reading the value of a failed result with `*` or `->` is undefined; `value()` throws `Exception` instead.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = Error;

  Result()
    requires std::is_default_constructible_v<T>
      : state_(std::in_place_index<0>) {}
  template <class U = T>
    requires std::is_convertible_v<U, T> && (!std::is_same_v<std::remove_cvref_t<U>, Result>) &&
             (!std::is_same_v<std::remove_cvref_t<U>, Error>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() noexcept { return std::get_if<0>(&state_); }
  const T* operator->() const noexcept { return std::get_if<0>(&state_); }

  T& value() & { return has_value() ? **this : (detail::throw_error(error()), **this); }
  const T& value() const& { return has_value() ? **this : (detail::throw_error(error()), **this); }
  /// By value, not by reference, so that `for (auto& hit : client.search(query).value().hits)` does not outlive it.
  T value() && {
    if (!has_value()) detail::throw_error(std::move(*this).error());
    return *std::move(*this);
  }
  template <class U>
  [[nodiscard]] T value_or(U&& otherwise) const& {
    return has_value() ? **this : static_cast<T>(std::forward<U>(otherwise));
  }
  template <class U>
  [[nodiscard]] T value_or(U&& otherwise) && {
    return has_value() ? *std::move(*this) : static_cast<T>(std::forward<U>(otherwise));
  }

  Error& error() & noexcept { return *std::get_if<1>(&state_); }
  const Error& error() const& noexcept { return *std::get_if<1>(&state_); }
  Error&& error() && noexcept { return std::move(*std::get_if<1>(&state_)); }

  /// `next(value)` when there is a value, else the error; `next` returns a Result.
  template <class F>
  auto and_then(F&& next) && -> std::invoke_result_t<F, T&&> {
    if (!has_value()) return std::move(*this).error();
    return std::forward<F>(next)(*std::move(*this));
  }
  /// The value changed by `change`, else the error.
  template <class F>
  auto transform(F&& change) && -> Result<std::remove_cvref_t<std::invoke_result_t<F, T&&>>> {
    if (!has_value()) return std::move(*this).error();
    return std::forward<F>(change)(*std::move(*this));
  }
  /// The value, else the error changed by `change`.
  template <class F>
  Result transform_error(F&& change) && {
    if (has_value()) return std::move(*this);
    return std::forward<F>(change)(std::move(*this).error());
  }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value, or an error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  using error_type = Error;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  void value() const {
    if (error_) detail::throw_error(*error_);
  }
  Error& error() & noexcept { return *error_; }
  const Error& error() const& noexcept { return *error_; }
  Error&& error() && noexcept { return std::move(*error_); }

  template <class F>
  auto and_then(F&& next) && -> std::invoke_result_t<F> {
    if (error_) return std::move(*error_);
    return std::forward<F>(next)();
  }
  template <class F>
  Result transform_error(F&& change) && {
    if (!error_) return {};
    return std::forward<F>(change)(std::move(*error_));
  }

 private:
  std::optional<Error> error_;
};

}  // namespace docupilot::inline v1
