#pragma once

#include <memory>

#include "http/credential_source.h"

namespace docupilot::inline v1::http {

/// `aws_credentials` with its clock and so on given.
[[nodiscard]] std::shared_ptr<CredentialsProvider> aws_credentials(const CredentialServices& services,
                                                                   const AwsEnvironment& environment,
                                                                   const AwsChainOptions& options);
/// Likewise `assume_role`.
[[nodiscard]] std::shared_ptr<CredentialsProvider> assume_role(const CredentialServices& services,
                                                               std::shared_ptr<CredentialsProvider> base,
                                                               AssumeRoleOptions options);

}  // namespace docupilot::inline v1::http
