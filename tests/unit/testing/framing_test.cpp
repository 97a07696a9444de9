#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/taken.h"
#include "testing/body_decoder.h"
#include "testing/fault_gate.h"
#include "testing/http_text.h"

// What the servers of the testing kit know of HTTP's framing, and how faults count bytes.
using namespace docupilot::testing;
using docupilot_test::Taken;
using Place = Fault::Place;

namespace {

Taken feed(Framing framing, std::string_view wire, std::size_t step) {
  BodyDecoder decoder(framing);
  Taken fed;
  while (fed.bytes < wire.size()) {
    const std::size_t count = decoder.feed(wire.substr(fed.bytes, step), fed.content);
    fed.bytes += count;
    if (count == 0) break;
  }
  fed.done = decoder.done();
  fed.broken = decoder.broken();
  return fed;
}

/// What comes out of a gate: "[n]" where a fault with the action of number n acts, "|" where a drip waits.
std::string trace(const std::vector<Fault>& faults, std::string_view bytes) {
  FaultGate gate(faults);
  std::string out;
  const auto act = [&] {
    while (const Fault* fault = gate.due()) out += "[" + std::to_string(static_cast<int>(fault->action)) + "]";
  };
  while (!bytes.empty()) {
    act();
    std::string piece(bytes.substr(0, gate.allowance()));
    bytes.remove_prefix(piece.size());
    std::vector<Fault> flipped;
    gate.pass(piece, flipped);
    out += piece;
    if (gate.take_pause().count() > 0) out += "|";
  }
  act();
  return out;
}

}  // namespace

TEST_CASE("bodies end where they say, however they are cut into pieces") {
  const Framing chunked{.kind = Framing::Kind::chunked};
  const struct {
    Framing framing;
    std::string_view wire;
    Taken wanted;
  } cases[] = {
      {{}, "GET", {"", 0, true, false}},
      {{.kind = Framing::Kind::length, .length = 3}, "abcGET", {"abc", 3, true, false}},
      {{.kind = Framing::Kind::length, .length = 9}, "abc", {"abc", 3, false, false}},
      {{.kind = Framing::Kind::until_close}, "abc", {"abc", 3, false, false}},
      {chunked, "0\r\n\r\nGET", {"", 5, true, false}},
      {chunked, "3\r\nabc\r\n0\r\n\r\nGET", {"abc", 13, true, false}},
      {chunked, "3 ;a=b\r\nabc\r\n00\r\nT: 1\r\nU: 2\r\n\r\nGET", {"abc", 31, true, false}},
      {chunked, "A\n0123456789\n0\n\nGET", {"0123456789", 16, true, false}},
      {chunked, "3\r\nab", {"ab", 5, false, false}},
  };
  for (const auto& [framing, wire, wanted] : cases) {
    CAPTURE(wire);
    for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}, wire.size()}) {
      CHECK(feed(framing, wire, step) == wanted);
    }
  }
}

TEST_CASE("what is no chunked body is taken to the end") {
  for (const std::string_view wire : {"xyz\r\nabc", "\r\nabc", "3\r\nabcd\r\n0\r\n\r\n", "3x\r\nabc"}) {
    CAPTURE(wire);
    const Taken fed = feed({.kind = Framing::Kind::chunked}, wire, 1);
    CHECK(fed.broken);
    CHECK_FALSE(fed.done);
    CHECK(fed.bytes == wire.size());
  }
  CHECK(feed({.kind = Framing::Kind::chunked}, std::string(17U << 10U, '1'), 1000).broken);
  CHECK(feed({.kind = Framing::Kind::chunked}, "10000000000000000\r\n", 100).broken);
}

TEST_CASE("header blocks end at their empty line") {
  CHECK_FALSE(head_size(""));
  CHECK_FALSE(head_size("a\r\nb: c\r\n"));
  CHECK_FALSE(head_size("a\r\n\r"));
  CHECK(head_size("a\r\n\r\nxyz") == 5U);
  CHECK(head_size("a\n\nxyz") == 3U);
  CHECK(head_size("a\nb: c\r\n\nxyz") == 9U);
  const Head head = parse_head("HTTP/1.1 200 Very fine indeed\r\nA:b\r\nC :\t d e \r\nF:\r\n\r\n");
  CHECK(head.first == "HTTP/1.1");
  CHECK(head.second == "200");
  CHECK(head.third == "Very fine indeed");
  CHECK(head.fields == std::vector<Field>{{"A", "b"}, {"C ", "d e"}, {"F", ""}});
  CHECK(status_of(head) == 200);
  CHECK(status_of(parse_head("HTTP/1.1 99 no\r\n\r\n")) == 0);
  CHECK(status_of(parse_head("HTTP/1.1 2000 no\r\n\r\n")) == 0);
  CHECK(status_of(parse_head("ICY 200 OK\r\n\r\n")) == 0);
}

TEST_CASE("lists of tokens are searched without regard to case") {
  const std::vector<Field> fields{{"connection", "keep-alive , CLOSE"}, {"Connection", "te"}, {"X", "close"}};
  CHECK(has_token(fields, "Connection", "close"));
  CHECK(has_token(fields, "Connection", "TE"));
  CHECK_FALSE(has_token(fields, "Connection", "clos"));
  CHECK_FALSE(has_token(fields, "Y", "close"));
}

TEST_CASE("faults act at their bytes, in the order given, flips after the others") {
  using A = Fault::Action;
  const auto at = [](A action, std::uint64_t k) { return Fault{.action = action, .place = Place::reply, .at = k}; };
  CHECK(trace({}, "abcdef") == "abcdef");
  CHECK(trace({at(A::stall, 3)}, "abcdef") == "abc[2]def");
  CHECK(trace({at(A::stall, 6), at(A::close, 0)}, "abcdef") == "[1]abcdef[2]");
  CHECK(trace({at(A::stall, 7)}, "abcdef") == "abcdef");
  CHECK(trace({at(A::stall, 0), at(A::delay, 0)}, "") == "[2][3]");
  CHECK(trace({at(A::delay, 2), at(A::stall, 2)}, "abcd") == "ab[3][2]cd");
  const auto flip = [](std::uint64_t k) { return Fault::flip(Place::reply, k, 5); };
  CHECK(trace({flip(0), flip(3), flip(4)}, "abcdef") == "AbcDEf");
  CHECK(trace({flip(2), at(A::stall, 2), at(A::stall, 3)}, "abcd") == "ab[2]C[2]d");
  CHECK(trace({flip(4)}, "abcd") == "abcd");
  CHECK(trace({flip(1), flip(1)}, "abcd") == "abcd");
}

TEST_CASE("a drip has its steps, begins and ends") {
  const auto drip = [](std::uint64_t at, std::uint64_t bytes, std::uint64_t length) {
    return Fault::drip(Place::reply, at, bytes, std::chrono::milliseconds(1), length);
  };
  CHECK(trace({drip(0, 2, 0)}, "abcde") == "[4]ab|cd|e");
  CHECK(trace({drip(1, 2, 3)}, "abcdefgh") == "a[4]bc|d|efgh");
  CHECK(trace({drip(1, 0, 2)}, "abcd") == "a[4]b|c|d");
  CHECK(trace({drip(0, 3, 0), Fault::stall(Place::reply, 4)}, "abcdefgh") == "[4]abc|d[2]ef|gh");
  CHECK(trace({drip(0, 1, 2), drip(4, 2, 0)}, "abcdefgh") == "[4]a|b|cd[4]ef|gh|");
}
