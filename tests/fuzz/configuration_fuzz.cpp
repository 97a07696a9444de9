// URLs of backends and jobs of the journal: text from outside that must never crash, and comes back as it went in.

#include <docupilot/base/url.h>
#include <docupilot/config.h>

#include <cstdlib>

#include "job/job.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace docupilot;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto url = BackendUrl::parse(text);
  if (!url) (void)url.error().to_string();
  (void)BackendUrl::redacted(text);
  if (!text.starts_with("config:")) {  // which would read files
    if (const auto config = Config::from_library(text)) (void)config->resolved();
  }
  Job job;
  if (decode_job_body(text, job)) {
    Job again;
    if (!decode_job_body(encode_job_body(job), again)) std::abort();
    if (again.path != job.path || again.options.attributes != job.options.attributes) std::abort();
  }
  return 0;
}
