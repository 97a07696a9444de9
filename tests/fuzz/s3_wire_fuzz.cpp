// Replies of S3 servers, hostile ones included: every reader takes what keeps its promises or says `corrupted`.
#include <string>
#include <string_view>

#include "fuzz/insist.h"
#include "store/s3_errors.h"
#include "store/s3_wire.h"

using namespace docupilot;
using docupilot_test::insist;

namespace {

/// The result, after a look at its error.
template <class T>
Result<T> taken(Result<T> result) {
  insist(result || result.error().code() == ErrorCode::corrupted);
  return result;
}

void look_at_error(std::string_view text) {
  const auto said = s3::read_error(text);
  for (const int status : {200, 301, 400, 403, 503}) {
    http::Response reply;
    reply.status = status;
    reply.body = std::string(text);
    const http::Judgement judgement = s3::judge(reply, "ListBucketResult");
    // A success that holds an error is none.
    insist(!(said && judgement.verdict == http::Verdict::done));
    insist(judgement.verdict == http::Verdict::done || status != 200 || judgement.error.has_value());
    (void)s3::redirect_of(reply);
    (void)s3::may_be_refusal(reply);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  look_at_error(text);
  if (const auto page = taken(s3::read_list(text))) insist(!page->truncated || !page->next_token.empty());
  if (const auto page = taken(s3::read_uploads(text))) {
    for (const MultipartUpload& upload : page->uploads) insist(!upload.upload_id.empty());
  }
  if (const auto page = taken(s3::read_parts(text))) {
    for (const PartInfo& part : page->parts) insist(part.number >= 1 && part.number <= 10'000);
  }
  if (const auto id = taken(s3::read_upload_id(text))) insist(!id->empty());
  (void)taken(s3::read_write_result(text, "CopyObjectResult"));
  (void)taken(s3::read_remove_result(text));
  (void)taken(s3::read_tags(text));
  const std::string bare = s3::bare_etag(text);
  insist(s3::bare_etag(bare).size() <= bare.size());
  // What we write ourselves is read back.
  if (!taken(s3::read_tags(s3::write_tags({{std::string(text.substr(0, 8)), std::string(text)}})))) {
    insist(text.find_first_not_of("\t\n\r") != std::string_view::npos);  // XML has no way to say some characters
  }
  return 0;
}
