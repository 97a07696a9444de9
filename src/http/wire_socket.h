#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <vector>

#include "http/curl_handle.h"
#include "http/tls_records.h"

namespace docupilot::inline v1::http {

class CurlTransfer;
class WirePool;

/// Bytes to and from an endpoint that libcurl has connected to. Over plain http they are the system's, and over TLS
/// records that `seal` makes are, too; all else of TLS goes through libcurl, which keeps the session. Never blocks.
class WireSocket {
 public:
  enum class Moved { some, none, closed };

  WireSocket(WirePool& pool, boost::asio::io_context& io, const CurlSetup& setup, bool is_secure);
  ~WireSocket() { close(); }
  WireSocket(const WireSocket&) = delete;
  WireSocket& operator=(const WireSocket&) = delete;

  /// Has libcurl begin to connect. Errors: as CurlHandle::prepare.
  [[nodiscard]] Result<void> open(CurlTransfer& transfer);
  /// libcurl has connected. Errors: unavailable, exhausted.
  [[nodiscard]] Result<void> opened();
  /// `nothing_is_missing`: of what was sealed.
  void close(bool nothing_is_missing = false);

  /// Whether what is sent must be sealed first.
  [[nodiscard]] bool seals() const noexcept { return records_.begun(); }
  /// Puts the bytes into records of TLS at the end of `records`. False: the connection is of no use any more.
  [[nodiscard]] bool seal(ByteView bytes, std::vector<std::byte>& records) { return records_.seal(bytes, records); }
  /// Sends from `first` and, over plain http alone, from `second` behind it; `count` says how many bytes went. Over TLS
  /// that cannot be sealed here, what could not go must come again from the same place.
  [[nodiscard]] Moved send(ByteView first, ByteView second, std::size_t& count);
  /// `count`: 0 at the end of the connection.
  [[nodiscard]] Moved receive(MutableByteView into, std::size_t& count);
  /// All that was sent is on its way or there: whoever receives is faster than we are.
  [[nodiscard]] bool is_drained() noexcept;
  /// It stands, and nothing came in.
  [[nodiscard]] bool is_quiet();

  [[nodiscard]] bool is_open() const noexcept { return is_open_; }
  [[nodiscard]] bool is_secure() const noexcept { return is_secure_; }
  /// libcurl is to seal what is sent.
  [[nodiscard]] bool passes_libcurl() const noexcept { return is_secure_ && !seals(); }
  [[nodiscard]] CurlHandle& handle() noexcept { return handle_; }
  [[nodiscard]] boost::asio::posix::stream_descriptor& descriptor() noexcept { return descriptor_; }

 private:
  WirePool& pool_;
  CurlHandle handle_;
  const bool is_secure_;
  // Of our own: libcurl closes its number when it likes.
  boost::asio::posix::stream_descriptor descriptor_;
  TlsRecords records_;
  bool is_open_ = false;  // or being opened
};

}  // namespace docupilot::inline v1::http
