#include <docupilot/summary/summarizer.h>

namespace docupilot::inline v1 {

Summarizer::~Summarizer() = default;

}  // namespace docupilot::inline v1
