#pragma once

#include <memory>

#include "http/credential_source.h"

namespace docupilot::inline v1::http {

/// Whether a container's credentials may be asked for at this URL: https anywhere; http only at an address of this very
/// machine (127.0.0.0/8, ::1, localhost) or one of the agents of ECS and EKS (169.254.170.2, 169.254.170.23,
/// fd00:ec2::23), written as a plain number. A name that resolves to such an address is refused over http: it could
/// resolve to another one when it is asked for. Errors: unauthenticated, with what is wrong.
[[nodiscard]] Result<void> check_container_url(std::string_view url);

/// The endpoint of ECS, EKS Pod Identity or Greengrass that AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI names.
/// The token in the file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is read for each request, since it changes.
[[nodiscard]] std::unique_ptr<CredentialSource> container_source(CredentialServices services,
                                                                 AwsEnvironment environment);

}  // namespace docupilot::inline v1::http
