#include "base/try.h"
#include "crypto/crc64nvme.h"
#include "store/s3_body.h"
#include "store/s3_client.h"
#include "store/s3_wire.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::uint64_t largest_unasked = std::uint64_t{1} << 20U;  // body; before a larger one the server is asked
constexpr std::size_t checksum_size = 12;                           // base64 of 8 bytes

/// Whether a checksum is known before the body is sent.
bool add_checksum(const S3Request& request, http::Headers& headers) {
  for (const auto& [name, value] : request.checksum_headers.fields()) headers.set(name, value);
  if (!request.checksum_headers.fields().empty()) return true;
  auto crc = request.body_crc64nvme;
  if (!crc && !request.streamed) crc = crc::crc64nvme(request.body);
  if (crc) headers.set(s3::checksum_header, s3::to_checksum(*crc));
  return crc.has_value();
}

}  // namespace

Result<S3Attempt> S3Client::prepare(const S3Request& request, http::Headers headers, const Place& place,
                                    Duration clock_offset, const Context& context) {
  DOCUPILOT_CHECK(check_writable(request));
  S3Attempt made;
  DOCUPILOT_TRY(made.used, credentials(context));
  made.wire = {.method = request.method,
               .url = place.endpoint.url(request.key, request.query),
               .headers = std::move(headers),
               .body = request.body,
               .length = request.streamed ? request.length : 0,
               .writer = request.writer,
               .on_head = request.on_head,
               .idempotent = request.idempotent,
               .identity = made.used->access_key_id};
  made.wire.limits.body_bytes = s3::largest_xml;
  made.wire.limits.stall = request.stall;
  made.wire.expect_continue =
      request.expects && (request.streamed ? request.length : request.body.size()) > largest_unasked;
  const bool has_trailer = request.checksum && !add_checksum(request, made.wire.headers);
  // Over TLS the bytes are safe on their way, and need a frame only to carry a checksum. Without it each chunk is
  // signed.
  const bool is_signed = signs_payload(place) && !made.used->anonymous();
  std::string_view hash = http::unsigned_payload;
  std::string of_body;
  if (!request.streamed && (is_signed || !request.may_go_unsigned)) {
    hash = of_body = http::payload_hash(request.body);
  } else if (request.streamed && (is_signed || has_trailer)) {
    made.framing = {.is_signed = is_signed,
                    .chunk = is_signed ? request.signed_chunk : request.unsigned_chunk,
                    .trailer = has_trailer ? s3::checksum_header : std::string_view(),
                    .trailer_value_size = has_trailer ? checksum_size : 0};
    http::Headers& all = made.wire.headers;
    // The hash says so too.
    if (!keeps_coding()) {
      const std::string_view coding = all.get("content-encoding");
      all.set("content-encoding", coding.empty() ? "aws-chunked" : std::string(coding) + ",aws-chunked");
    }
    all.set("x-amz-decoded-content-length", std::to_string(request.length));
    if (has_trailer) all.set("x-amz-trailer", made.framing->trailer);
    made.wire.length = made.framing->encoded_size(request.length);
    hash = made.framing->payload_hash();
  }
  const Timestamp time{tuning_.clock->now().microseconds + clock_offset.nanoseconds() / 1000};
  DOCUPILOT_TRY(made.seed, place.signer->sign(made.wire, *made.used, time, hash));
  return made;
}

}  // namespace docupilot::inline v1
