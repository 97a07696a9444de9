#include "conformance/summarizer_suite.h"

#include <docupilot/summary/extractive_summarizer.h>

namespace docupilot_test {

struct Extractive {
  static std::unique_ptr<docupilot::Summarizer> make() { return docupilot::make_extractive_summarizer(); }
};

TEST_CASE_TEMPLATE_INVOKE(summarizer_suite, Extractive);

}  // namespace docupilot_test
