// A message means the same to the testing kit however its bytes are cut into pieces, and no byte is taken that is not
// there. The first two bytes choose the size of the pieces and the message's kind.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/insist.h"
#include "support/taken.h"
#include "testing/body_decoder.h"
#include "testing/http_text.h"

using namespace docupilot::testing;
using docupilot_test::insist;
using docupilot_test::Taken;

namespace {

Taken take(Framing framing, std::string_view wire, std::size_t piece) {
  BodyDecoder decoder(framing);
  Taken taken;
  while (taken.bytes < wire.size() && !decoder.done()) {
    const std::string_view some = wire.substr(taken.bytes, piece);
    const std::size_t count = decoder.feed(some, taken.content);
    insist(count <= some.size() && (count == some.size() || decoder.done()));
    taken.bytes += count;
  }
  taken.done = decoder.done();
  taken.broken = decoder.broken();
  return taken;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = std::max<std::size_t>(data[0], 1);
  const bool is_request = (data[1] & 1) != 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto block = head_size(bytes);
  if (!block) return 0;
  insist(*block <= bytes.size());
  // The end of the block is where its last byte came, and not before.
  insist(!head_size(bytes.substr(0, *block - 1)));
  const Head head = parse_head(bytes.substr(0, *block));
  const auto framing = is_request ? request_framing(head) : reply_framing(head, status_of(head), "GET");
  if (!framing) return 0;
  const std::string_view wire = bytes.substr(*block);
  const Taken whole = take(*framing, wire, wire.size());
  insist(whole.content.size() <= whole.bytes);
  insist(take(*framing, wire, piece) == whole);
  return 0;
}
