#pragma once

#include <atomic>
#include <string_view>

#include <docupilot/store/s3_store.h>

namespace docupilot::inline v1 {

/// What a server makes of keys that are no tidy paths: "a//b", "/a", "a/../b".
enum class S3Keys {
  any,    ///< Keeps every key that ObjectStore allows, next to every other.
  paths,  ///< Turns some of them into others, or refuses them, as its keys are paths of a file system.
  ask,    ///< Must be tried out.
};

/// How one kind of S3 server differs from the others.
struct S3Quirks {
  std::string_view name;
  bool checksums = false;      ///< Takes CRC64NVME; the default for S3Checksums::automatic.
  bool checksum_reads = true;  ///< Takes a request to read for the checksum that it has, or passes over it.
  bool conditional_put = true;
  bool encoding_type = true;      ///< Lists with percent-encoded keys.
  bool replays_complete = false;  ///< Completing an unknown upload succeeds when there is any object of that key.
  bool streaming = true;          ///< Takes aws-chunked bodies.
  bool atomic_conditions = true;  ///< Nothing comes between looking at a condition and writing.
  bool keeps_coding = false;      ///< Stores "aws-chunked" as if it were a coding of the object.
  bool equal_parts = false;       ///< Completes only uploads whose parts, but the last, are of one size.
  S3Keys keys = S3Keys::any;
  /// Lists uploads of exactly the key that is asked for as a prefix, so all of them must be listed and sifted.
  bool sift_uploads = false;
  std::uint64_t maximum_object = std::uint64_t{5} << 40U;
};

/// Errors: invalid_argument, naming the profiles there are.
[[nodiscard]] Result<S3Quirks> s3_quirks(std::string_view name);
/// The profile that a host name suggests; an empty one stands for AWS.
[[nodiscard]] S3Quirks guess_s3_quirks(std::string_view host);

/// Optional parts of requests that the server of one store was not seen to refuse, and what else it was seen to do. Any
/// thread.
class S3Features {
 public:
  S3Features(bool sends_checksums, const S3Quirks& quirks)
      : checksums(sends_checksums), conditional(quirks.conditional_put), encoding_type(quirks.encoding_type) {}

  std::atomic<bool> checksums;
  std::atomic<bool> conditional;
  std::atomic<bool> encoding_type;
  std::atomic<bool> trusted = false;  ///< A signed request has succeeded, so the keys are good.
};

}  // namespace docupilot::inline v1
