#pragma once

#include <memory>

#include "http/credential_source.h"

namespace docupilot::inline v1::http {

/// The keys of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
[[nodiscard]] std::unique_ptr<CredentialSource> environment_source(AwsEnvironment environment);

/// What a profile of the shared files says: keys, a role to assume with those of another profile or of the machine, a
/// web identity, or a program to run. The files are read for each fetch.
[[nodiscard]] std::unique_ptr<CredentialSource> profile_source(CredentialServices services, AwsEnvironment environment,
                                                               AwsChainOptions options);

}  // namespace docupilot::inline v1::http
