#include "http/chunked_body.h"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

using docupilot::http::ChunkedBody;

namespace {

struct Taken {
  std::string content;
  std::size_t bytes = 0;
  bool done = false;
  bool broken = false;
};

// Given in pieces of that size.
Taken take(std::string_view wire, std::size_t size) {
  ChunkedBody body;
  Taken taken;
  while (taken.bytes < wire.size() && !body.done() && !body.broken()) {
    std::string_view piece = wire.substr(taken.bytes, size);
    while (!piece.empty() && !body.done() && !body.broken()) {
      const ChunkedBody::Piece found = body.next(piece);
      taken.content += found.content;
      taken.bytes += found.taken + found.content.size();
      piece.remove_prefix(found.taken + found.content.size());
    }
  }
  taken.done = body.done();
  taken.broken = body.broken();
  return taken;
}

}  // namespace

TEST_CASE("a chunked body is the same however it is cut into pieces") {
  const std::string wire =
      "5\r\nhello\r\n1;ext=\"x\"\r\n \r\n00A\r\n0123456789\r\n3 \nxyz\n0\r\nTrailer: t\r\n\r\nHTTP/1.1 200 OK";
  for (std::size_t size = 1; size <= wire.size(); ++size) {
    CAPTURE(size);
    const Taken taken = take(wire, size);
    CHECK(taken.content == "hello 0123456789xyz");
    CHECK(taken.done);
    CHECK(wire.substr(taken.bytes) == "HTTP/1.1 200 OK");
  }
}

TEST_CASE("what is no chunked body is told, and not before") {
  for (const std::string_view wire :
       {"x\r\n", "\r\n", "-1\r\nx", "5\r\nhello!\r\n", "5x\r\nhello\r\n", "10000000000000000\r\n", "1\r\nab\n"}) {
    CAPTURE(wire);
    const Taken taken = take(wire, 1);
    CHECK(taken.broken);
    CHECK_FALSE(taken.done);
  }
  for (const std::string_view wire : {"", "5", "5\r\nhell", "5\r\nhello\r\n0\r\n", "FFFFFFFFFFFFFFFF\r\n"}) {
    CAPTURE(wire);
    const Taken taken = take(wire, 1);
    CHECK_FALSE(taken.broken);
    CHECK_FALSE(taken.done);
  }
}

TEST_CASE("a line of a chunked body has a limit on both sides") {
  const auto body = [](std::size_t length) { return "1;" + std::string(length - 2, 'x') + "\nA\n0\n\n"; };
  CHECK(take(body(4'096), 100).done);
  CHECK(take(body(4'097), 100).broken);
}
