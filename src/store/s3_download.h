#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/s3_client.h"
#include "store/store_call.h"

namespace docupilot::inline v1::s3 {

/// One object, or a range of it, on its way to a writer over as many attempts as it takes. Each attempt asks for what
/// the ones before have not brought, and only of the object that the first one began with: its ETag is held to.
class Download final : private Writer {
 public:
  /// All of them live as long as this object. `checksum`: to ask for the checksum that the store has of the whole.
  Download(Writer& into, const GetOptions& options, bool checksum, const StoreCall& call)
      : into_(into), options_(options), checksum_(checksum && !is_range()), call_(call) {}

  /// Makes the request one for this download. Its attempts may then be as many as the retry law allows.
  void attach(S3Request& request);
  /// What stopped the download for good: the writer's error as it was, or that the object is another one by now.
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }
  /// A failed attempt as the caller is to see it: the ETag that was held to is none of his business.
  [[nodiscard]] Error explain(Error error) const;
  /// After a success: the object, and its bytes compared with the checksum if one came. Errors: corrupted.
  [[nodiscard]] Result<ObjectInfo> finish() const;

 private:
  [[nodiscard]] bool is_range() const noexcept { return options_.offset != 0 || options_.length; }
  void ask(S3Request& request);
  [[nodiscard]] Result<void> on_head(const http::Response& reply);
  [[nodiscard]] Result<void> write(ByteView bytes) override;
  Error give_up(Error why);
  [[nodiscard]] Result<void> verify() const;

  Writer& into_;
  const GetOptions& options_;
  const bool checksum_;
  const StoreCall& call_;
  std::optional<http::Headers> head_;  // of the first reply that began
  std::uint64_t taken_ = 0;
  std::uint64_t skip_ = 0;  // what a server that knows no ranges sends again
  std::uint64_t crc64_ = 0;
  std::uint32_t crc32c_ = 0;
  std::optional<Error> error_;
};

}  // namespace docupilot::inline v1::s3
