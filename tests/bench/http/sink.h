#pragma once

#include <cstddef>
#include <cstdint>

/// A server in a process of its own, so that its work is not counted as ours: takes any request, throws the body away
/// and answers as S3 answers a PUT. To be started before the program has threads. Ends with the program.
class Sink {
 public:
  /// `processor`: the one it keeps to; -1 for any.
  explicit Sink(int processor);
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  std::uint16_t port_ = 0;
  int process_ = -1;
};

/// Keeps the calling thread, and those it starts, to one processor.
void keep_to_processor(int processor);
