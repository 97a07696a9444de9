#include "payload.h"

#include "aws_chunked.h"
#include "checksum.h"

namespace sink {

namespace {

Refusal bad(std::string code, std::string message) {
  return {.status = 400, .code = std::move(code), .message = std::move(message)};
}

bool is_hash(std::string_view payload) {
  return payload.size() == 64 && payload.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Compares one checksum that was sent with the bytes, and remembers it.
Refusal compare(Payload& payload, const std::string& algorithm, std::string_view sent, std::string_view where) {
  const auto checksum = Checksum::named(algorithm);
  if (!checksum) return bad("InvalidRequest", "the sink does not know the checksum " + algorithm);
  checksum->update(docupilot::as_bytes(payload.bytes));
  const std::string right = checksum->finish();
  if (right != sent) {
    return bad("BadDigest", "the " + algorithm + " of the " + std::string(where) + " is " + std::string(sent) +
                                ", that of the bytes " + right);
  }
  payload.checksums[algorithm] = right;
  return {};
}

Refusal compare_headers(Payload& payload, const Request& request) {
  for (const auto& [name, value] : request.headers) {
    const auto algorithm = name == "content-md5" ? std::optional<std::string>("md5") : algorithm_of_header(name);
    if (!algorithm) continue;
    if (auto fault = compare(payload, *algorithm, value, "header")) return fault;
  }
  return {};
}

Refusal unframe(Payload& payload, const Request& request, const std::string& raw, std::string_view kind,
                const SignedBy* by) {
  Unframed unframed = parse_aws_chunked(raw, kind, by);
  if (!unframed.fault.empty()) {
    const bool of_signature = unframed.fault.find("signature") != std::string::npos;
    return bad(of_signature ? "SignatureDoesNotMatch" : "InvalidChunkFraming", unframed.fault);
  }
  payload.bytes = std::move(unframed.bytes);
  if (request.header("x-amz-decoded-content-length") != std::to_string(payload.bytes.size())) {
    return bad("IncompleteBody", "x-amz-decoded-content-length is not what came");
  }
  const std::string_view announced = request.header("x-amz-trailer");
  if (kind.ends_with("-TRAILER") && (unframed.trailers.size() != 1 || unframed.trailers[0].first != announced)) {
    return bad("MalformedTrailerError", "the trailer is not the one that x-amz-trailer announced");
  }
  for (const auto& [name, value] : unframed.trailers) {
    const auto algorithm = algorithm_of_header(name);
    if (!algorithm) return bad("MalformedTrailerError", "the trailer " + name + " is no checksum");
    if (auto fault = compare(payload, *algorithm, value, "trailer")) return fault;
  }
  return {};
}

}  // namespace

Payload read_payload(const Request& request, std::string raw, const SignedBy* by, bool of_object) {
  Payload payload;
  const std::string_view kind = request.header("x-amz-content-sha256");
  if (kind.starts_with("STREAMING-")) {
    payload.fault = unframe(payload, request, raw, kind, by);
  } else {
    payload.bytes = std::move(raw);
    if (is_hash(kind) && sha256_hex(docupilot::as_bytes(payload.bytes)) != kind) {
      payload.fault = bad("XAmzContentSHA256Mismatch", "the SHA-256 that is signed is not that of the bytes");
    } else if (by != nullptr && !is_hash(kind) && kind != "UNSIGNED-PAYLOAD" && !kind.empty()) {
      payload.fault = bad("InvalidRequest", "x-amz-content-sha256 says " + std::string(kind));
    }
  }
  if (!payload.fault && of_object) payload.fault = compare_headers(payload, request);
  return payload;
}

}  // namespace sink
