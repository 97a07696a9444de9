#include "http/request_check.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace docupilot;
using http::CheckedRequest;
using http::Request;

namespace {

ErrorCode code_of(const Request& request) {
  const auto checked = http::check_request(request, false);
  return checked ? ErrorCode::internal : checked.error().code();
}

std::vector<std::string> lines_of(const Request& request) {
  auto checked = http::check_request(request, false);
  REQUIRE(checked);
  std::vector<std::string> lines;
  for (const curl_slist* line = checked->header_list(request); line != nullptr; line = line->next)
    lines.emplace_back(line->data);
  return lines;
}

Request with(std::string name, std::string value) {
  Request request{.method = "PUT", .url = "https://host/"};
  request.headers.add(std::move(name), std::move(value));
  return request;
}

}  // namespace

TEST_CASE("headers go out as they are given, and nothing of libcurl's own") {
  CHECK(lines_of({.url = "https://host/"}) == std::vector<std::string>{"Accept:"});
  CHECK(lines_of({.url = "https://host/", .headers = {{"Accept", "a/b"}, {"X-Empty", ""}, {"X-Blank", " \t"}}}) ==
        std::vector<std::string>{"Accept: a/b", "X-Empty;", "X-Blank;"});
  Request put{.method = "PUT", .url = "https://host/", .headers = {{"Content-Length", "3"}}, .body = as_bytes("abc")};
  CHECK(lines_of(put) == std::vector<std::string>{"Accept:", "Expect:"});
  put.expect_continue = true;
  CHECK(lines_of(put) == std::vector<std::string>{"Accept:", "Expect: 100-continue"});
}

TEST_CASE("a header that would be two, or that the transport decides, is refused") {
  for (const std::string bad : {"a\r\nX-Evil: 1", "a\nb", "a\rb", "\r\n", "a\x01", "a\x7f", "a\x1b[0m"}) {
    CHECK(code_of(with("X-Note", bad)) == ErrorCode::invalid_argument);
  }
  CHECK(code_of(with("X-Note", std::string("a\0b", 3))) == ErrorCode::invalid_argument);
  for (const std::string bad : {"", " ", "X Note", "X-Note:", "X\r\nY", "X-N\xC3\xB6te", "X\tY", "(x)"}) {
    CHECK(code_of(with(bad, "x")) == ErrorCode::invalid_argument);
  }
  for (const std::string reserved : {"transfer-encoding", "Expect", "Upgrade", "TE", "Proxy-Authorization"}) {
    CHECK(code_of(with(reserved, "x")) == ErrorCode::invalid_argument);
  }
  CHECK(code_of(with("Content-Length", "1")) == ErrorCode::invalid_argument);
  CHECK(code_of(with("X-Note", "tab\tand \xC3\xB6 are fine")) == ErrorCode::internal);
  CHECK(code_of(with("X-Large", std::string(65'536 - 11, 'x'))) == ErrorCode::internal);
  CHECK(code_of(with("X-Large", std::string(65'536 - 10, 'x'))) == ErrorCode::too_large);
}

TEST_CASE("methods and bodies that do not go together are refused") {
  for (const std::string bad : {"", "GET ", "G\r\nT", "CONNECT", "TRACE"}) {
    CHECK(code_of({.method = bad, .url = "https://host/"}) == ErrorCode::invalid_argument);
  }
  CHECK(code_of({.method = "HEAD", .url = "https://host/", .body = as_bytes("x")}) == ErrorCode::invalid_argument);
  MemoryReader reader(as_bytes("x"));
  MemoryWriter writer;
  CHECK(code_of({.method = "PUT", .url = "https://host/", .body = as_bytes("x"), .reader = &reader, .length = 1}) ==
        ErrorCode::invalid_argument);
  CHECK(code_of({.method = "PUT", .url = "https://host/", .body = as_bytes("x"), .length = 2}) ==
        ErrorCode::invalid_argument);
  CHECK(code_of({.method = "PUT", .url = "https://host/", .reader = &reader, .length = UINT64_MAX}) ==
        ErrorCode::invalid_argument);
  using Shape = CheckedRequest::Shape;
  CHECK(http::check_request({.method = "PUT", .url = "https://host/"}, false)->shape == Shape::body);
  CHECK(http::check_request({.method = "DELETE", .url = "https://host/"}, false)->shape == Shape::no_body);
  CHECK(http::check_request({.method = "HEAD", .url = "https://host/"}, false)->shape == Shape::head);
}
