#include "http/redact.h"

#include <doctest/doctest.h>

#include <string>

#include "crypto/random.h"
#include "http/hex.h"
#include "http/percent.h"
#include "json/base64.h"
#include "json/json_writer.h"

using namespace docupilot;
using namespace docupilot::http;

namespace {

std::string json_of(std::string_view text) {
  json::Writer writer;
  writer.value(text);
  return std::move(writer).text();
}

}  // namespace

TEST_CASE("64 secrets are found in every encoding") {
  for (int i = 0; i < 64; ++i) {
    const std::string secret = crypto::random_hex(20) + "/+=\"&<" + crypto::random_hex(8);
    CAPTURE(secret);
    const Secret kept(secret);
    const Redactor redact = Redactor().add(kept);
    const std::string lead(static_cast<std::size_t>(i % 3), 'x');
    for (const std::string& form :
         {secret, percent_encode(secret), hex(as_bytes(secret)), json_of(secret), to_base64(as_bytes(secret))}) {
      const std::string cleaned = redact("before " + form + " after");
      CHECK(cleaned.find(form) == std::string::npos);
      CHECK(cleaned.find(secret.substr(0, 20)) == std::string::npos);
      CHECK(cleaned.starts_with("before "));
      CHECK(cleaned.ends_with(" after"));
      CHECK(cleaned.find("***") != std::string::npos);
    }
    // Inside of something that is base64 as a whole, wherever it begins.
    const std::string whole = to_base64(as_bytes(lead + secret + "tail"));
    const std::string middle = to_base64(as_bytes(secret)).substr(4, 12);
    const std::string cleaned = redact(whole);
    CHECK(cleaned.find("***") != std::string::npos);
    CHECK(cleaned.size() < 16);
    CHECK(cleaned.find(middle) == std::string::npos);
  }
}

TEST_CASE("what is a secret by its name goes, whoever it belongs to") {
  const Redactor redact;
  CHECK(redact("GET /k?X-Amz-Signature=abc123&X-Amz-Date=now") == "GET /k?X-Amz-Signature=***&X-Amz-Date=now");
  CHECK(redact("x-amz-security-token=IQo%2F&a=b") == "x-amz-security-token=***&a=b");
  CHECK(redact("<SessionToken>IQoJ//</SessionToken>") == "<SessionToken>***</SessionToken>");
  CHECK(redact("<Token-0>IQoJ</Token-0>") == "<Token-0>***</Token-0>");
  CHECK(redact(R"({"SecretAccessKey": "abc", "Code": "x"})") == R"({"SecretAccessKey": "***", "Code": "x"})");
  CHECK(redact("Authorization: AWS4-HMAC-SHA256 Credential=A/b, Signature=c\nHost: h") ==
        "Authorization: ***\nHost: h");
  CHECK(redact("nothing to hide") == "nothing to hide");
  CHECK(redact("") == "");
  CHECK(redact("signature=") == "signature=");
}

TEST_CASE("short texts are no secrets, and longer secrets win") {
  CHECK(Redactor().add(Secret("abc"))("abcdef") == "abcdef");
  CHECK(Redactor().add(Secret("abcd")).add(Secret("abcdefgh"))("abcdefgh abcd") == "*** ***");
}
