#pragma once

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "http/curl_transfer.h"

namespace docupilot::inline v1::http {

/// A caller that waits for the end of a transfer, and meanwhile moves bytes between a reader and a writer, which may
/// block, and the loop, which may not: through two buffers each way of at most 256 KiB. A slow reader or writer pauses
/// the transfer, and nobody else's.
class SendCall final : private BodySource, private BodySink {
 public:
  /// Both live as long as this object.
  SendCall(const Request& request, const Context& context);

  /// What the transfer is to use.
  [[nodiscard]] CurlTransfer::Bodies bodies() noexcept;
  /// By the loop, when the transfer has ended. The caller may be gone before this returns, but not this object.
  void finish(Result<Response> result);
  /// By the caller: works until the transfer has ended, and tells what came of it.
  [[nodiscard]] Result<Response> run(Transfer& transfer);

 private:
  struct Buffer {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t room = 0;
    std::size_t size = 0;
    std::size_t taken = 0;  // of `size`, from the front
    void make_room(std::size_t wanted);
  };

  [[nodiscard]] Result<std::optional<std::size_t>> read(MutableByteView into) override;
  [[nodiscard]] bool rewind() override { return false; }
  [[nodiscard]] Result<bool> write(ByteView bytes) override;

  [[nodiscard]] Result<Response> move_bytes(Transfer& transfer);
  [[nodiscard]] bool can_read() const;
  [[nodiscard]] bool can_write() const { return reply_[reply_filled_].size > 0; }
  [[nodiscard]] bool wants_reply() const;
  void read_some(std::unique_lock<std::mutex>& lock, Transfer& transfer);
  void write_some(std::unique_lock<std::mutex>& lock, Transfer& transfer);

  const Request& request_;
  const Context& context_;

  std::mutex mutex_;  // of all that follows; a buffer that is being moved from or to is left alone by the other side
  std::condition_variable changed_;
  std::array<Buffer, 2> body_;
  std::size_t body_filled_ = 0;   // the next one the reader fills
  std::size_t body_drained_ = 0;  // the one the loop takes from
  std::uint64_t unread_;          // of the body
  bool body_ended_ = false;       // before all of it came
  std::optional<Error> reader_error_;
  bool source_waits_ = false;

  std::array<Buffer, 2> reply_;
  std::size_t reply_filled_ = 0;  // the one the loop adds to
  std::optional<Error> writer_error_;
  bool sink_waits_ = false;

  std::optional<Result<Response>> result_;
};

}  // namespace docupilot::inline v1::http
