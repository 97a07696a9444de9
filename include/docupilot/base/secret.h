#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include <docupilot/base/export.h>

namespace docupilot::inline v1 {

/// A password, key or token. It prints as "***", compares in constant time, cannot turn into a string by
/// accident, and its memory is wiped when it goes. The one way in is `expose()`, easy to search for.
class DOCUPILOT_EXPORT Secret {
 public:
  Secret() noexcept;
  explicit Secret(std::string_view plain);
  ~Secret();
  Secret(const Secret& other);
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;

  /// The plain text; valid until this object changes or goes. Never log it.
  [[nodiscard]] std::string_view expose() const noexcept;
  [[nodiscard]] bool empty() const noexcept;
  /// True when both are the same; takes as long for a near miss as for a far one.
  [[nodiscard]] bool operator==(const Secret& other) const noexcept;

 private:
  std::string plain_;
};

/// Writes "***", or nothing for an empty secret.
DOCUPILOT_EXPORT std::ostream& operator<<(std::ostream& out, const Secret& secret);

}  // namespace docupilot::inline v1
