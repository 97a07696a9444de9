#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <docupilot/testing/fault.h>
#include <docupilot/testing/reply.h>

namespace docupilot::inline v1::testing {

/// A Reply as bytes.
struct EncodedReply {
  std::string head;  ///< Of verbatim bytes, the part up to the first empty line, or all.
  std::string body;
  int status = 0;
  bool ends_by_closing = false;
  std::vector<Fault> pace;  ///< The drip of its whitespace, if any.
};

[[nodiscard]] EncodedReply encode(const Reply& reply, std::string_view method);

}  // namespace docupilot::inline v1::testing
