#include "support/source_folder.h"

namespace docupilot_test {

std::string source_folder() { return DOCUPILOT_SOURCE_FOLDER; }

}  // namespace docupilot_test
