#include "store/s3_quirks.h"

#include <array>

namespace docupilot::inline v1 {

namespace {

constexpr std::array<S3Quirks, 7> profiles = {{
    {.name = "aws", .checksums = true, .maximum_object = 50'000'000'000'000ULL},
    {.name = "minio", .keys = S3Keys::paths, .sift_uploads = true},
    {.name = "r2", .equal_parts = true},
    {.name = "versitygw",
     .replays_complete = true,
     .atomic_conditions = false,
     .keeps_coding = true,
     .keys = S3Keys::paths},
    {.name = "ceph", .conditional_put = false},
    {.name = "gcs-interop", .checksum_reads = false, .conditional_put = false, .streaming = false},
    {.name = "generic", .keys = S3Keys::ask},
}};

bool ends_in(std::string_view host, std::string_view domain) {
  host = host.substr(0, host.find(':'));
  return host == domain || (host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
}

}  // namespace

Result<S3Quirks> s3_quirks(std::string_view name) {
  std::string known;
  for (const S3Quirks& profile : profiles) {
    if (profile.name == name) return profile;
    (known += known.empty() ? "" : ", ") += profile.name;
  }
  return Error(ErrorCode::invalid_argument, "there is no quirk profile '" + std::string(name) + "'")
      .operation("open")
      .backend("s3")
      .hint("choose one of " + known);
}

S3Quirks guess_s3_quirks(std::string_view host) {
  if (host.empty() || ends_in(host, "amazonaws.com") || ends_in(host, "amazonaws.com.cn")) return profiles.front();
  if (ends_in(host, "r2.cloudflarestorage.com")) return *s3_quirks("r2");
  if (ends_in(host, "storage.googleapis.com")) return *s3_quirks("gcs-interop");
  return profiles.back();
}

}  // namespace docupilot::inline v1
