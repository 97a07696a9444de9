#pragma once

#include <optional>
#include <string>

#include <docupilot/metadata/metadata_store.h>

// The rules that every metadata store applies before it writes or reads, so that what one takes all take.
namespace docupilot::inline v1 {

/// Whether a document can be kept: a good id; all text UTF-8 without NUL; a size below 2^63; created and updated unset
/// or from 1970 to 9999; tags of 1 to 256 bytes without control characters and duplicates; attributes named as Document
/// says at every level, nested at most 32 deep and of 1 MiB at most, counting names, text and bytes, and 8 bytes for
/// any other value. Errors: invalid_argument, too_large.
[[nodiscard]] Result<void> check_document(const Document& document);

/// The limits of DocumentQuery; its page token is checked when it is read. Errors: invalid_argument.
[[nodiscard]] Result<void> check_query(const DocumentQuery& query);

/// 1 to 256 bytes of UTF-8 without control characters. Errors: invalid_argument.
[[nodiscard]] Result<void> check_counter_name(const std::string& name);

/// As check_document for each, and that there are as many conditions as documents, or none.
[[nodiscard]] Result<void> check_batch(std::span<const Document> documents, std::span<const WriteCondition> conditions);

/// Whether the condition lets a write happen to the document, which has this revision; nothing: there is none.
/// Errors: already_exists, precondition_failed.
[[nodiscard]] Result<void> check_condition(const WriteCondition& condition, std::string_view id,
                                           const std::optional<std::string>& revision);

/// The new value of a counter. Errors: invalid_argument when it would leave the range of 64 bits.
[[nodiscard]] Result<std::int64_t> add_to_counter(std::int64_t value, std::int64_t by);

/// not_found, for a document.
[[nodiscard]] Error no_such_document();

/// The error as a call reports it: operation and backend set, and the target unless one is named already.
[[nodiscard]] Error in_call(Error error, std::string_view operation, std::string_view backend, std::string_view target);

}  // namespace docupilot::inline v1
