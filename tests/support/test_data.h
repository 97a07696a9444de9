#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "support/source_folder.h"

namespace docupilot_test {

/// The text of a file under tests/data, or under the folder that DOCUPILOT_TEST_DATA names. A missing file throws,
/// so that a test which found no data cannot pass.
inline std::string test_data(const std::string& path) {
  const char* replaced = std::getenv("DOCUPILOT_TEST_DATA");
  const std::string full = (replaced != nullptr ? replaced : source_folder() + "/tests/data") + ('/' + path);
  std::ifstream in(full, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read test data " + full);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace docupilot_test
