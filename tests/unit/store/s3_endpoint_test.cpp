#include <doctest/doctest.h>

#include "store/s3_endpoint.h"
#include "store/s3_metadata.h"

using namespace docupilot;

namespace {

std::string url_of(const S3Options& options, std::string_view region = "us-east-1", std::string_view key = "k") {
  const auto endpoint = S3Endpoint::make(options, options.endpoint, region);
  return endpoint ? endpoint->url(key, {}) : std::string(to_string(endpoint.error().code()));
}

}  // namespace

TEST_CASE("AWS's endpoints by region, partition and kind") {
  CHECK(url_of({.bucket = "my-bucket"}) == "https://my-bucket.s3.us-east-1.amazonaws.com/k");
  CHECK(url_of({.bucket = "my-bucket"}, "cn-north-1") == "https://my-bucket.s3.cn-north-1.amazonaws.com.cn/k");
  CHECK(url_of({.bucket = "my-bucket"}, "us-iso-east-1") == "https://my-bucket.s3.us-iso-east-1.c2s.ic.gov/k");
  CHECK(url_of({.bucket = "my-bucket", .dual_stack = true}) ==
        "https://my-bucket.s3.dualstack.us-east-1.amazonaws.com/k");
  CHECK(url_of({.bucket = "my-bucket", .fips = true}) == "https://my-bucket.s3-fips.us-east-1.amazonaws.com/k");
  // What a certificate does not cover or a host cannot hold goes in the path.
  CHECK(url_of({.bucket = "my.bucket"}) == "https://s3.us-east-1.amazonaws.com/my.bucket/k");
  CHECK(url_of({.bucket = "My_Bucket"}) == "https://s3.us-east-1.amazonaws.com/My_Bucket/k");
}

TEST_CASE("other endpoints take the bucket in the path unless told otherwise, and never where it cannot be") {
  CHECK(url_of({.bucket = "my-bucket", .endpoint = "http://localhost:9000"}) == "http://localhost:9000/my-bucket/k");
  CHECK(url_of({.bucket = "my-bucket", .endpoint = "https://Minio.Example:443/"}) ==
        "https://minio.example/my-bucket/k");
  CHECK(url_of({.bucket = "my-bucket", .endpoint = "https://h.example/storage/v1/s3"}) ==
        "https://h.example/storage/v1/s3/my-bucket/k");
  CHECK(url_of({.bucket = "my-bucket", .endpoint = "https://h.example", .addressing = S3Addressing::virtual_host}) ==
        "https://my-bucket.h.example/k");
  CHECK(url_of({.bucket = "my-bucket", .endpoint = "http://127.0.0.1:9", .addressing = S3Addressing::virtual_host}) ==
        "invalid_argument");
  CHECK(url_of({.bucket = "my-bucket", .endpoint = "https://h.example"}, "us-east-1", "") ==
        "https://h.example/my-bucket");
  CHECK(url_of({.bucket = "my-bucket"}, "us-east-1", "") == "https://my-bucket.s3.us-east-1.amazonaws.com/");
}

TEST_CASE("regions, buckets and endpoints that could lead elsewhere are refused") {
  for (const char* region : {"", "@evil#", "../", "127.0.0.1", "x.y@z", "us-east-1/", "US-EAST-1", "-a", "a-", "a b"}) {
    CAPTURE(region);
    CHECK(url_of({.bucket = "my-bucket"}, region) == "invalid_argument");
  }
  for (const char* bucket :
       {"", "ab", "../x", "a/b", "a@b", "127.0.0.1", "a..b", "-ab", "ab-", "a b c", "abc#", "abc?"}) {
    CAPTURE(bucket);
    CHECK(url_of({.bucket = bucket}) == "invalid_argument");
  }
  CHECK(url_of({.bucket = std::string(255, 'b')}).starts_with("https://s3."));
  CHECK(url_of({.bucket = std::string(256, 'b')}) == "invalid_argument");
  for (const char* endpoint : {"ftp://h", "h:9000", "https://u:p@h", "https://h?x=y", "https://h#f", "file:///etc"}) {
    CAPTURE(endpoint);
    CHECK(url_of({.bucket = "my-bucket", .endpoint = endpoint}) == "invalid_argument");
  }
}

TEST_CASE("a redirect belongs to the endpoint when it stays under its domain, scheme and port") {
  const auto aws = S3Endpoint::make({.bucket = "my-bucket"}, "", "us-east-1").value();
  CHECK(aws.owns("my-bucket.s3.eu-west-1.amazonaws.com"));
  CHECK(aws.owns("https://my-bucket.s3-eu-west-1.amazonaws.com/k"));
  CHECK_FALSE(aws.owns("my-bucket.s3.evil-amazonaws.com"));
  CHECK_FALSE(aws.owns("amazonaws.com.evil.test"));
  CHECK_FALSE(aws.owns("http://my-bucket.s3.eu-west-1.amazonaws.com"));
  CHECK_FALSE(aws.owns("s3.eu-west-1.amazonaws.com:8443"));
  CHECK_FALSE(aws.owns("user@s3.eu-west-1.amazonaws.com"));
  const auto own = S3Endpoint::make({.bucket = "my-bucket"}, "https://s3.company.example:9000", "r").value();
  CHECK(own.owns("other.company.example:9000"));
  CHECK_FALSE(own.owns("other.company.example"));
  CHECK_FALSE(own.owns("company2.example:9000"));
  const auto address = S3Endpoint::make({.bucket = "my-bucket"}, "http://127.0.0.1:9000", "r").value();
  CHECK(address.owns("127.0.0.1:9000"));
  CHECK_FALSE(address.owns("x.127.0.0.1:9000"));
}

TEST_CASE("options come from a URL, and what it does not know is refused") {
  const auto from = [](std::string_view url) { return S3Options::from_url(BackendUrl::parse(url).value()); };
  const auto options = from(
      "s3://my-bucket/team/a?region=eu-west-1&endpoint=http%3A%2F%2Flocalhost%3A9000"
      "&public_endpoint=https://f.example&profile=work&quirks=minio&path_style=true");
  REQUIRE_MESSAGE(options, options.error().to_string());
  CHECK(options->bucket == "my-bucket");
  CHECK(options->prefix == "team/a/");
  CHECK(options->region == "eu-west-1");
  CHECK(options->endpoint == "http://localhost:9000");
  CHECK(options->public_endpoint == "https://f.example");
  CHECK(options->profile == "work");
  CHECK(options->quirks == "minio");
  CHECK(options->addressing == S3Addressing::path);
  CHECK(from("s3://my-bucket")->prefix.empty());
  for (const char* url : {"s3://my-bucket?regoin=x", "s3://my-bucket?path_style=maybe", "s3:my-bucket", "s3://a@b/c"}) {
    CAPTURE(url);
    CHECK_FALSE(from(url));
  }
}

TEST_CASE("metadata that a header would change travels as encoded words, and other clients' words are read") {
  for (const std::string text :
       {"plain", "", "two  blanks", " in front", "behind ", "J\u00f6rg", "=?odd", "\u65e5\u672c"}) {
    CAPTURE(text);
    const std::string sent = s3::encode_value(text);
    for (const char c : sent) CHECK((c >= ' ' && c <= '~'));
    CHECK(s3::decode_value(sent) == text);
  }
  CHECK(s3::decode_value("=?UTF-8?Q?J=C3=B6rg_x?=") == "J\u00f6rg x");
  CHECK(s3::decode_value("=?utf-8?b?YQ==?= =?UTF-8?B?Yg==?=") == "ab");
  CHECK(s3::decode_value("=?UTF-8?B?broken") == "=?UTF-8?B?broken");
  CHECK(s3::decode_value("=?KOI8-R?B?YQ==?=") == "=?KOI8-R?B?YQ==?=");
}
