#pragma once

#include <cstddef>
#include <string>

namespace docupilot_test {

/// What a decoder made of some bytes; the same, into whatever pieces they were cut.
struct Taken {
  std::string content;
  std::size_t bytes = 0;
  bool done = false;
  bool broken = false;
  bool operator==(const Taken&) const = default;
};

}  // namespace docupilot_test
