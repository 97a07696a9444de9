#pragma once

#include <string_view>

#include <docupilot/http/credentials.h>

namespace docupilot::inline v1::http {

/// Who wrote a credentials document; they differ in the name of the token and in how they tell of an error.
enum class DocumentKind { container, instance_metadata, process };

/// Reads the JSON that container endpoints, instance metadata and credential_process give. Errors: not_found when
/// instance metadata says that there are none (its Code, not Success, is the service code); corrupted for everything
/// else that is no such document. No part of the text is in the error.
[[nodiscard]] Result<Credentials> parse_credentials_document(std::string_view json, DocumentKind kind);

}  // namespace docupilot::inline v1::http
