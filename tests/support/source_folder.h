#pragma once

#include <string>

namespace docupilot_test {

/// The folder of the project's sources, absolute. One file knows it, so that all others compile to the same wherever
/// the project lies, and a compiler's cache serves every copy of it.
[[nodiscard]] std::string source_folder();

}  // namespace docupilot_test
