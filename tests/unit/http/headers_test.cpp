#include <docupilot/http/transport.h>

#include <doctest/doctest.h>

#include "http/reply_head.h"

using namespace docupilot;
using http::Headers;
using http::ReplyHead;

namespace {

// What becomes of a header block given line by line; "" when it is taken.
std::string problem_of(ReplyHead& head, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    auto taken = head.line(line);
    if (!taken) return std::string(to_string(taken.error().code())) + ": " + taken.error().message();
  }
  return {};
}

std::string problem_of(const std::vector<std::string>& lines, bool to_head_request = false) {
  ReplyHead head;
  head.start(to_head_request, 0);
  return problem_of(head, lines);
}

const std::string ok = "HTTP/1.1 200 OK\r\n";
const std::string blank = "\r\n";

}  // namespace

TEST_CASE("headers keep their order and spelling, and are found whatever the case") {
  Headers headers{{"ETag", "\"a\""}, {"x-two", "1"}};
  headers.add("X-Two", "2");
  CHECK(headers.get("etag") == "\"a\"");
  CHECK(headers.find("X-TWO").value() == "1");
  CHECK_FALSE(headers.find("none").has_value());
  CHECK(headers.get("none") == "");
  headers.set("X-tWo", "3");
  REQUIRE(headers.fields().size() == 2);
  CHECK(headers.fields()[1].name == "X-tWo");
  CHECK(headers.get("x-two") == "3");
  headers.remove("ETAG");
  CHECK(headers.fields().size() == 1);
  headers.set(headers.fields()[0].name, "4");  // a view into what is replaced
  CHECK(headers.get("x-two") == "4");
}

TEST_CASE("headers keep their texts while they grow, are copied and moved") {
  Headers headers;
  headers.add("first", "1");
  for (int i = 0; i < 200; ++i) {
    headers.add("x-" + std::to_string(i), "value " + std::to_string(i));
    headers.add(headers.fields().front().name, headers.fields().front().value);  // which move when it grows
  }
  CHECK(headers.fields().back().value == "1");
  headers.remove("First");
  Headers copy = headers;
  headers.set("x-0", "changed");
  const Headers moved = std::move(headers);
  CHECK(moved.get("x-0") == "changed");
  CHECK(moved.fields().front().name == "x-1");
  REQUIRE(copy.fields().size() == 200);
  for (std::size_t i = 0; i < copy.fields().size(); ++i) {
    CHECK(copy.fields()[i].name == "x-" + std::to_string(i));
    CHECK(copy.fields()[i].value == "value " + std::to_string(i));
  }
  copy = moved;
  CHECK(copy.get("x-0") == "changed");
}

TEST_CASE("a header block is complete at its blank line and not before") {
  ReplyHead head;
  head.start(false, 0);
  CHECK_FALSE(head.begun());
  CHECK(problem_of(head, {ok, "ETag: x \r\n", "Content-Length:  5\r\n"}) == "");
  CHECK(head.begun());
  CHECK_FALSE(head.complete());
  CHECK(problem_of(head, {blank}) == "");
  CHECK(head.complete());
  CHECK(head.framing() == ReplyHead::Framing::length);
  CHECK(head.length() == 5);
  CHECK(head.headers().get("etag") == "x");
  CHECK(problem_of(head, {"Trailer: x\r\n", blank}) == "");  // behind a chunked body
  CHECK(head.headers().fields().size() == 2);
}

TEST_CASE("an interim reply is not the reply") {
  ReplyHead head;
  head.start(false, 0);
  CHECK(problem_of(head, {"HTTP/1.1 100 Continue\r\n", "X-Early: 1\r\n", "Content-Length: 7\r\n", blank}) == "");
  CHECK_FALSE(head.complete());
  CHECK(problem_of(head, {"HTTP/1.1 204 No Content\r\n", blank}) == "");
  CHECK(head.complete());
  CHECK(head.status() == 204);
  CHECK(head.headers().fields().empty());
  CHECK(head.framing() == ReplyHead::Framing::none);
}

TEST_CASE("a success that does not say its length is refused, an error is taken") {
  CHECK(problem_of({ok, blank}).starts_with("corrupted: the reply does not say how long"));
  CHECK(problem_of({"HTTP/1.0 200 OK\r\n", blank}).starts_with("corrupted: the reply does not say how long"));
  CHECK(problem_of({ok, blank}, true) == "");
  CHECK(problem_of({"HTTP/1.1 304 Not Modified\r\n", blank}) == "");
  ReplyHead head;
  head.start(false, 0);
  CHECK(problem_of(head, {"HTTP/1.0 502 Bad Gateway\r\n", blank}) == "");
  CHECK(head.framing() == ReplyHead::Framing::until_close);
}

TEST_CASE("lengths that contradict each other are refused, the same one twice is not") {
  CHECK(problem_of({ok, "Content-Length: 5\r\n", "content-length: 5\r\n", blank}) == "");
  CHECK(problem_of({ok, "Content-Length: 5\r\n", "Content-Length: 6\r\n"})
            .starts_with("corrupted: the reply announces two"));
  CHECK(problem_of({ok, "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", blank}).starts_with("corrupted"));
  CHECK(problem_of({ok, "Transfer-Encoding: Chunked\r\n", blank}) == "");
  CHECK(problem_of({ok, "Transfer-Encoding: gzip, chunked\r\n"}).starts_with("corrupted"));
  CHECK(problem_of({ok, "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\n"}).starts_with("corrupted"));
  for (const std::string bad : {"", "-1", "+5", "5, 5", "0x5", "5 5", "9223372036854775808", "99999999999999999999"}) {
    CAPTURE(bad);
    CHECK(problem_of({ok, "Content-Length: " + bad + "\r\n"}).starts_with("corrupted: the length"));
  }
  CHECK(problem_of({ok, "Content-Length: 9223372036854775807\r\n", blank}) == "");
}

TEST_CASE("lines that are no HTTP/1.1 are refused") {
  for (const std::string bad : {"HTTP/0.9 200 OK\r\n", "HTTP/2 200\r\n", "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n",
                                "HTTP/1.1 099 Low\r\n", "HTTP/1.1\r\n", "hello\r\n", "\r\n", "HTTP/1.1 -20 OK\r\n"}) {
    CAPTURE(bad);
    CHECK(problem_of({bad}).starts_with("corrupted: the reply does not begin"));
  }
  CHECK(problem_of({"HTTP/1.1 200\r\n"}) == "");
  CHECK(problem_of({"HTTP/1.1 200 OK"}).starts_with("corrupted: a header line of the reply was cut"));
  for (const std::string bad : {"no colon\r\n", ": nameless\r\n", "Na me: x\r\n", "Name : x\r\n", " folded: x\r\n",
                                "\tfolded\r\n", "Name: a\rb\r\n"}) {
    CAPTURE(bad);
    CHECK(problem_of({ok, bad}).starts_with("corrupted"));
  }
  CHECK(problem_of({ok, std::string("Name: a\0b\r\n", 11)}).starts_with("corrupted: there is a control character"));
  CHECK(problem_of({"HTTP/1.1 101 Switching Protocols\r\n", blank}).starts_with("corrupted: the reply switches"));
}

TEST_CASE("the limit of the header bytes counts all blocks, and its last byte still fits") {
  ReplyHead head;
  head.start(false, 17 + 20 + 2);
  CHECK(problem_of(head, {ok, "Content-Length: 0 \r\n"}) == "");
  CHECK(problem_of(head, {blank}) == "");
  head.start(false, 17 + 20 + 1);
  CHECK(problem_of(head, {ok, "Content-Length: 0 \r\n"}) == "");
  CHECK(problem_of(head, {blank}).starts_with("too_large"));
}
