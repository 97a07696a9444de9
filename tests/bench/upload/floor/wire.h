#pragma once

#include <openssl/ssl.h>

#include <string>
#include <string_view>

/// One connection of a floor: blocking calls on a socket, or on OpenSSL over it (SSL_write, which makes a system call
/// for each record of 16 KiB). Whatever fails ends the program.
class Wire {
 public:
  /// `endpoint`: "http://127.0.0.1:PORT" or "https://...", the latter checked against the PEM file `ca_file`.
  Wire(const std::string& endpoint, const std::string& ca_file);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  [[nodiscard]] const std::string& host() const noexcept { return host_; }

  void send(std::string_view bytes);
  /// Both, in one call where the connection is in the clear.
  void send(std::string_view head, std::string_view body);
  /// Reads an answer, which must be a 200, and returns it, head and body.
  [[nodiscard]] const std::string& reply();

 private:
  [[nodiscard]] std::size_t receive(char* into, std::size_t size);

  int fd_ = -1;
  SSL* tls_ = nullptr;
  std::string host_;
  std::string reply_;
};

[[noreturn]] void fail(const std::string& what);
