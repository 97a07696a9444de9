#pragma once

#include <functional>
#include <string>
#include <vector>

#include "faults/fault_case.h"

namespace docupilot_test {

/// A call of the store that is one request, for the faults that any request can meet.
struct Operation {
  std::string name;  ///< As errors name it.
  std::function<docupilot::Result<void>(docupilot::S3Store&, const docupilot::Context&)> call;
  bool idempotent = true;
  bool error_has_body = true;  ///< The reply to a HEAD has none, and so no code of the service.
  std::string target = "k";
  int looks = 0;  ///< See Expected.
};

inline const std::vector<Operation>& operations() {
  using docupilot::Context;
  using docupilot::S3Store;
  static const auto plain = [](const auto& result) -> docupilot::Result<void> {
    if (!result) return result.error();
    return {};
  };
  static const std::string bytes = pattern(1'000);
  static const docupilot::MultipartUpload upload{.key = "k", .upload_id = "UPLOAD1", .started = {}};
  static const std::vector<Operation> all = {
      {"put",
       [](S3Store& store, const Context& context) {
         docupilot::MemoryReader body(docupilot::as_bytes(bytes));
         return plain(store.put("k", body, {}, context));
       }},
      {"get",
       [](S3Store& store, const Context& context) {
         docupilot::MemoryWriter into;
         return plain(store.get("k", into, {}, context));
       }},
      {.name = "head",
       .call = [](S3Store& store, const Context& context) { return plain(store.head("k", context)); },
       .error_has_body = false},
      {.name = "list",
       .call = [](S3Store& store, const Context& context) { return plain(store.list({.prefix = "k"}, context)); }},
      {"remove", [](S3Store& store, const Context& context) { return store.remove("k", context); }},
      {.name = "begin_multipart",
       .call = [](S3Store& store, const Context& context) { return plain(store.begin_multipart("k", {}, context)); },
       .idempotent = false},
      {"put_part",
       [](S3Store& store, const Context& context) {
         docupilot::MemoryReader body(docupilot::as_bytes(bytes));
         return plain(store.put_part(upload, 1, body, context));
       }},
      {"list_parts", [](S3Store& store, const Context& context) { return plain(store.list_parts(upload, context)); }},
      {.name = "abort_multipart",
       .call = [](S3Store& store, const Context& context) { return store.abort_multipart(upload, context); },
       .looks = 1},
  };
  return all;
}

/// Runs it as `FaultCase::run` does.
inline void run(FaultCase& fault, const Operation& operation, Expected expected) {
  if (expected.code == "ok") expected.looks = operation.looks;
  static_cast<void>(fault.run(operation.name, operation.target, expected, operation.call));
}

/// Gives each operation what it needs: an object "k" and an upload.
inline void furnish(FaultCase& fault) {
  fault.s3.keep(FaultCase::path("k"), pattern(1'000));
  fault.s3.begin(FaultCase::path("k"));
}

}  // namespace docupilot_test
