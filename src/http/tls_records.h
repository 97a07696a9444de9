#pragma once

#include <curl/curl.h>

#include <docupilot/base/bytes.h>
#include <cstddef>
#include <vector>

namespace docupilot::inline v1::http {

/// What the TLS session of a connection of libcurl's writes, handed over instead of being sent one record after the
/// other: many can then leave in one piece, which costs a third less. The session stays libcurl's, which reads from it
/// and ends it. Used by one thread.
class TlsRecords {
 public:
  TlsRecords() = default;
  TlsRecords(const TlsRecords&) = delete;
  TlsRecords& operator=(const TlsRecords&) = delete;

  /// The session of a connection that libcurl is just opening, asked for in its callback; null over plain http, and
  /// where libcurl has another TLS than the OpenSSL that is linked here.
  [[nodiscard]] static void* session_of(CURL* easy);

  /// From now on what the session of the connection writes is kept. `easy` must outlive this, or `end` come before.
  void begin(CURL* easy, void* session);
  /// The session writes to its connection again, if nothing is missing there: for its goodbye.
  void end(bool nothing_is_missing);
  [[nodiscard]] bool begun() const noexcept { return session_ != nullptr; }
  /// Puts the bytes into records at the end of `records`. False: the connection is gone, or the session broken.
  [[nodiscard]] bool seal(ByteView bytes, std::vector<std::byte>& records);

  /// By the session.
  void written(ByteView record);

 private:
  /// libcurl has not closed the connection meanwhile, and the session with it.
  [[nodiscard]] bool is_there() const;

  CURL* easy_ = nullptr;
  void* session_ = nullptr;                 // OpenSSL's SSL
  std::vector<std::byte>* into_ = nullptr;  // while bytes are sealed
  std::vector<std::byte> own_;              // what the session wrote of its own accord, such as a key update
};

}  // namespace docupilot::inline v1::http
