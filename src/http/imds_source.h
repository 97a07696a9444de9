#pragma once

#include <memory>

#include "http/credential_source.h"

namespace docupilot::inline v1::http {

/// The role of an EC2 instance, from instance metadata: version 2 only, with a token asked for first and no way back to
/// version 1. One attempt of 1 s for each request unless AWS_METADATA_SERVICE_NUM_ATTEMPTS and _TIMEOUT say otherwise;
/// no request at all under AWS_EC2_METADATA_DISABLED. No answer and no role are `not_found`.
[[nodiscard]] std::unique_ptr<CredentialSource> imds_source(CredentialServices services, AwsEnvironment environment);

}  // namespace docupilot::inline v1::http
