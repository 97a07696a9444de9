#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sink {

/// The head of a request.
struct Request {
  std::string method;
  std::string path;                                          ///< As it came, percent-encoded.
  std::string query;                                         ///< Likewise, without the '?'.
  std::vector<std::pair<std::string, std::string>> headers;  ///< Names in lower case, values without outer blanks.
  std::optional<std::uint64_t> length;                       ///< Content-Length.
  bool chunked = false;                                      ///< Transfer-Encoding: chunked.
  bool expects = false;                                      ///< Expect: 100-continue.
  bool last = false;                                         ///< The connection ends with it.

  /// The first value of that name (in lower case), or "".
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// The bytes of the object or part that the body stands for, by what the head says.
  [[nodiscard]] std::optional<std::uint64_t> decoded_length() const;
};

/// From a head that ends with the empty line. Nothing when it is none.
[[nodiscard]] std::optional<Request> parse_head(std::string_view head);

/// The names and values of a query, percent-decoded, in their order.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parameters(std::string_view query);
/// The first value of that name.
[[nodiscard]] std::optional<std::string> parameter(std::string_view query, std::string_view name);

}  // namespace sink
