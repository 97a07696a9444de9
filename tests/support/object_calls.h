#pragma once

#include <string>
#include <string_view>

#include <docupilot/store/object_store.h>

namespace docupilot_test {

inline docupilot::Result<docupilot::ObjectInfo> put_text(docupilot::ObjectStore& store, const std::string& key,
                                                         std::string_view text,
                                                         const docupilot::PutOptions& options = {}) {
  docupilot::MemoryReader body(docupilot::as_bytes(text));
  return store.put(key, body, options);
}

/// The error's code by its name, or "ok".
template <class T>
std::string code_of(const docupilot::Result<T>& result) {
  return result ? "ok" : std::string(docupilot::to_string(result.error().code()));
}

/// The object's bytes, or its error's code in brackets.
inline std::string text_of(docupilot::ObjectStore& store, const std::string& key,
                           const docupilot::GetOptions& options = {}) {
  docupilot::MemoryWriter into;
  const auto got = store.get(key, into, options);
  return got ? into.text() : '[' + code_of(got) + ']';
}

}  // namespace docupilot_test
