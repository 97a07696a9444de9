#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <docupilot/http/credentials.h>

#include "http/verdict.h"

namespace docupilot::inline v1::http {

using FormFields = std::vector<std::pair<std::string_view, std::string_view>>;

/// Fields as application/x-www-form-urlencoded, in their order.
[[nodiscard]] std::string encode_form(const FormFields& fields);

/// The credentials in the reply to AssumeRole or AssumeRoleWithWebIdentity. Errors: corrupted for what is no such
/// reply: no XML, a document type declaration, members that are missing or bad. No part of the text is in the error.
[[nodiscard]] Result<Credentials> parse_assumed_role(std::string_view xml);

/// What an error reply says; empty when it is none. The message is as the service wrote it.
[[nodiscard]] ServiceError parse_sts_error(std::string_view xml);

/// Whether STS takes it as the name of a session: 2 to 64 of [A-Za-z0-9_+=,.@-].
[[nodiscard]] bool is_session_name(std::string_view text) noexcept;

}  // namespace docupilot::inline v1::http
