// What hands out credentials is outside: documents, replies of STS, profile files and command lines never crash, what
// is taken can go into a header as it is, and no error repeats what was read.
#include <string_view>

#include "fuzz/insist.h"
#include "http/container_source.h"
#include "http/credentials_document.h"
#include "http/process_source.h"
#include "http/profile_file.h"
#include "http/redact.h"
#include "http/sts_wire.h"

using namespace docupilot;
using namespace docupilot::http;
using docupilot_test::insist;

namespace {

void check(const Result<Credentials>& read) {
  if (!read) return insist(!read.error().message().empty());
  insist(is_plain(read->access_key_id) && is_plain(read->secret_access_key.expose()));
  insist(read->session_token.empty() || is_plain(read->session_token.expose()));
}

void read_profiles(std::string_view text, AwsProfiles::File file) {
  AwsProfiles profiles;
  if (!profiles.read(text, file, "f")) return;
  if (const AwsProfile* const found = profiles.find("default")) (void)found->get("aws_access_key_id");
}

void read_url(std::string_view text) {
  if (!check_container_url(text)) return;
  // Nothing but these can have passed, and nothing that a second reader could take for another host.
  insist(text.find_first_of("@\\# \r\n") == std::string_view::npos ||
         text.find_first_of("/?", 8) < text.find_first_of("@\\# \r\n"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const DocumentKind kind : {DocumentKind::container, DocumentKind::instance_metadata, DocumentKind::process}) {
    check(parse_credentials_document(text, kind));
  }
  check(parse_assumed_role(text));
  (void)parse_sts_error(text);
  read_profiles(text, AwsProfiles::File::config);
  read_profiles(text, AwsProfiles::File::credentials);
  read_url(text);
  if (const auto words = split_command(text)) insist(words->size() <= size);
  const std::size_t half = size / 2;
  const Secret secret(text.substr(0, half));
  const std::string cleaned = Redactor().add(secret)(text);
  insist(half < 4 || secret.expose().find('*') != std::string_view::npos ||
         cleaned.find(secret.expose()) == std::string::npos);
  return 0;
}
