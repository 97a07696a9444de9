#pragma once

#include <chrono>
#include <cstdint>

namespace docupilot::inline v1::testing {

/// What goes wrong, and at which byte.
///
/// A fault acts once `at` bytes have passed and before the next one does; 0 is before the first. It also acts when the
/// bytes end exactly there. One whose byte is never reached does not act, and the ledger shows that it did not.
///
///     script.faults = {Fault::reset(Fault::Place::reply_body, 1000)};
struct Fault {
  /// Which bytes are counted, as they are on the wire: the framing of chunks included, TLS not.
  enum class Place {
    request_body,
    reply,       ///< From the first byte of the status line. Interim replies (1xx) are not counted.
    reply_body,  ///< From the byte after the header block.
  };
  enum class Action {
    reset,        ///< The connection is reset (RST). Bytes sent before are delivered.
    close,        ///< The connection is closed (FIN) without a word of TLS; what still comes in is thrown away.
    stall,        ///< Nothing passes until `release()`, the client's leaving or the end of the server.
    delay,        ///< Nothing passes for `wait`.
    drip,         ///< From here `bytes` at a time, with `wait` after each, for `length` bytes (0: to the end).
    flip,         ///< Bit `bit` (0 to 7) of the next byte is inverted.
    reply_early,  ///< In a request body: the reply is written now, the rest of the body is read afterwards.
  };

  Action action = Action::reset;
  Place place = Place::reply;
  std::uint64_t at = 0;
  std::chrono::milliseconds wait{0};
  std::uint64_t bytes = 1;
  std::uint64_t length = 0;
  unsigned bit = 0;

  [[nodiscard]] static Fault reset(Place place, std::uint64_t at) { return {Action::reset, place, at}; }
  [[nodiscard]] static Fault close(Place place, std::uint64_t at) { return {Action::close, place, at}; }
  [[nodiscard]] static Fault stall(Place place, std::uint64_t at) { return {Action::stall, place, at}; }
  [[nodiscard]] static Fault delay(Place place, std::uint64_t at, std::chrono::milliseconds wait) {
    return {Action::delay, place, at, wait};
  }
  [[nodiscard]] static Fault drip(Place place, std::uint64_t at, std::uint64_t bytes, std::chrono::milliseconds wait,
                                  std::uint64_t length = 0) {
    return {Action::drip, place, at, wait, bytes, length};
  }
  [[nodiscard]] static Fault flip(Place place, std::uint64_t at, unsigned bit = 0) {
    return {Action::flip, place, at, std::chrono::milliseconds(0), 1, 0, bit};
  }
  [[nodiscard]] static Fault reply_early(std::uint64_t at) { return {Action::reply_early, Place::request_body, at}; }

  bool operator==(const Fault&) const = default;
};

}  // namespace docupilot::inline v1::testing
