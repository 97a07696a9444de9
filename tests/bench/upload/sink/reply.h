#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "payload.h"

namespace sink {

/// What goes back.
struct Reply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};  ///< Sent as application/xml unless `headers` name another type.
  bool last = false;      ///< The connection is closed behind it.

  /// As HTTP writes it. `without_body`: as the answer to HEAD, for which Content-Length tells of the object.
  [[nodiscard]] std::string text(bool without_body) const;
};

/// An error as S3 words it.
[[nodiscard]] Reply refuse(const Refusal& refusal);
[[nodiscard]] std::string xml_escaped(std::string_view text);
/// The text of the first element of that name, its entities resolved; "" for none.
[[nodiscard]] std::string xml_element(std::string_view xml, std::string_view name);
/// The inside of every element of that name.
[[nodiscard]] std::vector<std::string_view> xml_elements(std::string_view xml, std::string_view name);

}  // namespace sink
