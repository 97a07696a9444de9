// A chunked body of a reply means the same however its bytes are cut into pieces, and no byte is taken that is not
// there. The first byte is the size of the pieces.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/insist.h"
#include "http/chunked_body.h"
#include "support/taken.h"

using docupilot_test::insist;
using docupilot_test::Taken;

namespace {

Taken take(std::string_view wire, std::size_t size) {
  docupilot::http::ChunkedBody body;
  Taken taken;
  while (taken.bytes < wire.size() && !body.done() && !body.broken()) {
    const std::string_view piece = wire.substr(taken.bytes, size);
    const auto found = body.next(piece);
    insist(found.taken + found.content.size() <= piece.size());
    insist(found.taken + found.content.size() > 0);
    taken.content += found.content;
    taken.bytes += found.taken + found.content.size();
  }
  taken.done = body.done();
  taken.broken = body.broken();
  return taken;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t piece = std::max<std::size_t>(data[0], 1);
  const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
  insist(take(wire, wire.size()) == take(wire, piece));
  return 0;
}
