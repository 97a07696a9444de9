#include "store/s3_errors.h"

#include <algorithm>
#include <array>

#include "store/s3_wire.h"

namespace docupilot::inline v1::s3 {

namespace {

struct Meaning {
  std::string_view code;
  ErrorCode error;
  std::string_view hint;
};
// Where the service's own code says more than the status.
constexpr std::array<Meaning, 31> meanings = {{
    {"NoSuchKey", ErrorCode::not_found, "list the store to see its keys"},
    {"NoSuchBucket", ErrorCode::not_found, "make the bucket (docupilot mb), or check its name and region"},
    {"NoSuchUpload", ErrorCode::not_found, "it was completed or aborted: begin anew"},
    {"BucketAlreadyExists", ErrorCode::already_exists, "choose another name: bucket names are shared by all"},
    {"BucketAlreadyOwnedByYou", ErrorCode::already_exists, "use it"},
    {"PreconditionFailed", ErrorCode::precondition_failed, "read the object again, then decide"},
    {"ConditionalRequestConflict", ErrorCode::conflict, "somebody else writes it too: read it again, then decide"},
    {"OperationAborted", ErrorCode::conflict, "somebody else works on it: try again"},
    {"InvalidPart", ErrorCode::corrupted, "list the parts and send those again that are not what was sent"},
    {"InvalidPartOrder", ErrorCode::corrupted, "name the parts in the order of their numbers"},
    {"EntityTooSmall", ErrorCode::invalid_argument, "make all parts but the last at least 5 MiB"},
    {"EntityTooLarge", ErrorCode::too_large, "send it in parts"},
    {"KeyTooLongError", ErrorCode::invalid_argument, "shorten the key to 1,024 bytes, the prefix included"},
    {"MetadataTooLarge", ErrorCode::too_large, "keep what is longer in the metadata store"},
    {"BadDigest", ErrorCode::corrupted, "the bytes changed on their way: send them again"},
    {"XAmzContentChecksumMismatch", ErrorCode::corrupted, "the bytes changed on their way: send them again"},
    {"XAmzContentSHA256Mismatch", ErrorCode::corrupted, "the bytes changed on their way: send them again"},
    {"InvalidBucketName", ErrorCode::invalid_argument, "check the bucket's name"},
    {"XMinioInvalidObjectName", ErrorCode::invalid_argument, "this server does not take such keys"},
    {"XMinioInvalidResourceName", ErrorCode::invalid_argument, "this server does not take such keys"},
    {"XMinioObjectExistsAsDirectory", ErrorCode::invalid_argument, "this server keeps a folder of that name"},
    {"XMinioParentIsObject", ErrorCode::invalid_argument, "this server keeps an object where the key needs a folder"},
    {"ObjectParentIsFile", ErrorCode::invalid_argument, "this server keeps an object where the key needs a folder"},
    {"DirectoryObjectContainsData", ErrorCode::invalid_argument,
     "this server keeps no bytes in a key that ends in '/'"},
    {"ExistingObjectIsDirectory", ErrorCode::invalid_argument, "this server keeps a folder of that name"},
    {"XMinioStorageFull", ErrorCode::exhausted, "the server's disks are full"},
    {"QuotaExceeded", ErrorCode::exhausted, "the server's quota is used up"},
    {"AccessDenied", ErrorCode::permission_denied, "check the policy of these credentials and of the bucket"},
    // versitygw says it with 404, which must not pass for a missing object.
    {"XAdminUserNotFound", ErrorCode::unauthenticated, "check the access key and that it belongs to this endpoint"},
    {"InvalidObjectState", ErrorCode::unavailable, "the object is archived: restore it first"},
    {"NotImplemented", ErrorCode::unsupported, "this server cannot do it"},
}};

// What MinIO answers besides the codes that AWS has.
constexpr std::array<std::string_view, 3> slow = {"SlowDownRead", "SlowDownWrite", "TooManyRequests"};
constexpr std::array<std::string_view, 4> passing = {"XMinioServerNotInitialized", "XMinioIAMNotInitialized",
                                                     "ConditionalRequestConflict", "OperationAborted"};

bool is_success(int status) noexcept { return status >= 200 && status < 300; }

template <class Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
}

http::ServiceError service_error(const http::Response& reply, const std::optional<ServerError>& said) {
  http::ServiceError error;
  if (said) {
    error = {.code = said->code, .message = said->message, .request_id = said->request_id};
  } else {
    // The reply to a HEAD has no body; MinIO says it in headers.
    error.code = reply.headers.get("x-minio-error-code");
    error.message = reply.headers.get("x-minio-error-desc");
  }
  return error;
}

Error error_of(const http::Response& reply, const http::ServiceError& said, bool html) {
  const Error plain = http::error_of(reply, said);
  const auto meaning = std::ranges::find(meanings, said.code, &Meaning::code);
  if (meaning != meanings.end()) {
    return Error(meaning->error, plain.message())
        .hint(meaning->hint)
        .service(reply.status, said.code, plain.request_id());
  }
  Error error = plain;
  if (html) error = std::move(error).hint("the answer is a web page: is this URL behind a proxy sub-path?");
  else if (error.hint().empty() && reply.status == 400 && said.code.empty())
    error = std::move(error).hint("this is no answer of S3: check the endpoint; is it https:// that is wanted?");
  else if (error.hint().empty() && reply.status == 404)
    error = std::move(error).hint("check the key, the bucket and the endpoint");
  else if (error.hint().empty() && reply.status == 403) {
    error = std::move(error).hint("check the policy of these credentials and of the bucket");
  } else if (error.hint().empty() && reply.status == 409) {
    error = std::move(error).hint("somebody else works on it, or it is in a state that forbids this: look at it first");
  } else if (error.hint().empty() && reply.status == 412)
    error = std::move(error).hint("read the object again, then decide");
  return error;
}

/// A success by its status whose body may say otherwise. Nothing: it is one.
std::optional<http::Judgement> judge_body(const http::Response& reply, std::string_view root) {
  if (auto said = read_error(reply.body)) {
    // As if it had come with the status that belongs to it, so that it is tried again or not like any other.
    http::Response meant = reply;
    meant.status = said->code == "SlowDown" || said->code == "ServiceUnavailable" ? 503
                   : said->code == "InternalError"                                ? 500
                                                                                  : 400;
    http::ServiceError error = service_error(meant, said);
    http::Judgement judgement = http::judge(meant, error);
    judgement.error = error_of(meant, error, false);
    return judgement;
  }
  if (auto read = read_root(reply.body, root); !read) {
    // Cut, or no XML at all: what was asked for may have been done.
    return http::Judgement{
        .verdict = is_html(reply.body) ? http::Verdict::final : http::Verdict::transient,
        .error = std::move(read).error().service(reply.status, "", reply.headers.get("x-amz-request-id"))};
  }
  return std::nullopt;
}

}  // namespace

http::Judgement judge(const Result<http::Response>& result, std::string_view root) {
  if (!result) return http::judge(result);
  if (is_success(result->status)) {
    if (!root.empty()) {
      if (auto other = judge_body(*result, root)) return *std::move(other);
    }
    return {};
  }
  const auto said = read_error(result->body);
  http::ServiceError error = service_error(*result, said);
  http::Judgement judgement = http::judge(result, error);
  if (is_one_of(slow, error.code)) judgement.verdict = http::Verdict::throttled;
  if (is_one_of(passing, error.code)) judgement.verdict = http::Verdict::transient;
  judgement.error = error_of(*result, error, is_html(result->body));
  return judgement;
}

Error error_of_code(std::string_view code, std::string_view message) {
  http::Response reply;
  reply.status = code == "InternalError" ? 500 : code == "SlowDown" ? 503 : 400;
  return error_of(reply, {.code = std::string(code), .message = std::string(message)}, false);
}

bool is_contested(const Error& error) {
  return error.service_code() == "ConditionalRequestConflict" || error.service_code() == "OperationAborted";
}

bool is_unknown_upload(const Error& error) {
  // MinIO takes the id for a path, and has an opinion on it.
  return (error.code() == ErrorCode::not_found && error.service_code() != "NoSuchBucket") ||
         error.service_code() == "XMinioInvalidResourceName";
}

Redirect redirect_of(const http::Response& reply) {
  const auto said = read_error(reply.body);
  Redirect redirect;
  redirect.region = reply.headers.get("x-amz-bucket-region");
  if (redirect.region.empty() && said) redirect.region = said->region;
  if (said) redirect.endpoint = said->endpoint;
  const bool wrong_region = said && said->code == "AuthorizationHeaderMalformed";
  // Without a body (a HEAD) the header is all there is.
  redirect.is_redirect = reply.status == 301 || reply.status == 307 || wrong_region ||
                         ((reply.status == 400 || reply.status == 403) && !said && !redirect.region.empty());
  return redirect;
}

bool may_be_refusal(const http::Response& reply) {
  if (reply.status == 501) return true;
  if (reply.status != 400) return false;
  const auto said = read_error(reply.body);
  static constexpr std::array<std::string_view, 8> codes = {
      "InvalidArgument", "InvalidRequest",    "NotImplemented", "MalformedTrailerError",
      "InvalidDigest",   "UnsupportedHeader", "BadRequest",     "InvalidHeader"};
  return !said || is_one_of(codes, said->code);
}

}  // namespace docupilot::inline v1::s3
