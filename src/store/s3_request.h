#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "http/sigv4_chunked.h"
#include "http/verdict.h"
#include "store/s3_endpoint.h"

namespace docupilot::inline v1 {

/// One request to S3, described so that it can be made several times. Refers to its parts; lives as long as its call.
struct S3Request {
  std::string_view operation;
  std::string_view target = {};  ///< For errors.
  std::string method = "GET";
  std::string key = {};  ///< With the store's prefix; empty for the bucket.
  S3Query query = {};
  http::Headers headers = {};
  /// Whether doing it twice is the same as doing it once.
  bool idempotent = true;

  ByteView body = {};
  /// Instead of `body`: bytes that are read while they are sent, `length` of them; by S3Client::call from `reader`,
  /// else by whoever sends the attempt. Framed as aws-chunked where the rules ask for it.
  bool streamed = false;
  Reader* reader = nullptr;
  std::uint64_t length = 0;
  /// The most bytes of a streamed body that are framed in one piece, when none is signed and when each is.
  std::size_t unsigned_chunk = std::size_t{64} << 10U;
  std::size_t signed_chunk = std::size_t{64} << 10U;
  /// Sends a checksum along, where the store sends any: `checksum_headers`, or when there are none the body's own.
  bool checksum = false;
  http::Headers checksum_headers = {};
  std::optional<std::uint64_t> body_crc64nvme = {};  ///< The body's own, where it is known before the body is sent.
  /// Is told the checksum of what was read from `reader`, when it is sent along.
  std::uint64_t* read_crc64nvme = nullptr;
  /// A body in memory is signed only where streamed ones are, too (S3Client::signs_payload).
  bool may_go_unsigned = false;
  /// The part that the server may refuse, and the request be made without it.
  bool conditional = false;
  bool encoding_type = false;
  bool expects = true;  ///< Asks the server before it sends a large body.
  /// How long the server may be silent; http::Limits::stall.
  Duration stall = http::Limits().stall;

  Writer* writer = nullptr;  ///< Where the body of a success goes; default: into the response.
  std::function<Result<void>(const http::Response&)> on_head = {};  ///< As http::Request's.
  /// The root element of a success. A 200 with another one is an error, whatever it is. Empty: no look at the body.
  std::string_view root = {};
  /// Called before each attempt with its number; changes what differs in it, and finds there what it changed before.
  /// Default: nothing.
  std::function<Result<void>(S3Request&, unsigned attempt)> prepare = {};
  /// Whether an attempt that failed can still be made again. Default: yes.
  std::function<bool()> repeatable = {};
};

/// One attempt at a request as it goes on the wire. Of a streamed body, only the source is missing.
struct S3Attempt {
  http::Request wire;
  http::SharedCredentials used;
  /// How a streamed body is framed, and what its frames go on from. Nothing: as it is.
  std::optional<http::ChunkFraming> framing = {};
  http::Signed seed = {};
};

[[nodiscard]] inline bool same_keys(const http::Credentials& a, const http::Credentials& b) {
  return a.access_key_id == b.access_key_id && a.session_token == b.session_token &&
         a.secret_access_key == b.secret_access_key;
}

/// What came of one attempt.
struct S3Outcome {
  http::Judgement judgement = {};
  std::string region = {};    ///< Where the server says the bucket is.
  std::string endpoint = {};  ///< Likewise.
  bool redirected = false;
  bool refused = false;  ///< Perhaps because of an optional part of the request.
};

}  // namespace docupilot::inline v1
