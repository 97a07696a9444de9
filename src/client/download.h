#pragma once

#include <string>

#include <docupilot/base/document.h>
#include <docupilot/store/object_store.h>

namespace docupilot::inline v1 {

/// Writes the document's bytes and checks size and SHA-256. Errors: corrupted when they differ.
[[nodiscard]] Result<void> download_checked(ObjectStore& store, const Document& document, Writer& into,
                                            const Context& context);

/// The same into a file: a temporary one beside it, synchronised, then renamed. On an error there is no trace
/// of it, but for what a Downloader keeps of a large object from a store over a network.
[[nodiscard]] Result<void> download_file(ObjectStore& store, const Document& document, const std::string& path,
                                         const Context& context);

}  // namespace docupilot::inline v1
