#pragma once

#include <functional>
#include <memory>

#include <docupilot/store/object_store.h>

namespace docupilot::inline v1 {

/// The bytes of one part, or of a whole object, for whoever sends them. Its calls come from the sender's own thread,
/// one at a time, and must not block (a file read in pieces is fine) or throw.
class DOCUPILOT_EXPORT PartBody {
 public:
  virtual ~PartBody();
  /// How many bytes there are.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Starts at the first byte: another attempt.
  virtual void rewind() = 0;
  /// Fills the front of `into`. Nothing: no bytes for now (a bandwidth cap, a pause), until PartTransfer::resume. 0:
  /// the end.
  [[nodiscard]] virtual Result<std::optional<std::size_t>> read(MutableByteView into) = 0;
  /// All its bytes at once, where they are few, in memory, and may go now; they count as read, and stay as they are
  /// until the attempt has ended. Called before the first `read`. Default: nothing, they are read.
  [[nodiscard]] virtual std::optional<ByteView> whole();
  /// Its bytes lie in memory and may be sent from there: then `lend` may be called in the place of `read`, and its
  /// bytes stay as they are until the attempt has ended.
  [[nodiscard]] virtual bool lends() const { return false; }
  /// The next bytes, at most `most`. Nothing: none for now, as with `read`.
  [[nodiscard]] virtual std::optional<ByteView> lend(std::size_t most);
  /// CRC-64/NVME of all its bytes, once it is known: of bytes in memory from the start, of a file when the last of them
  /// was read.
  [[nodiscard]] virtual std::optional<std::uint64_t> crc64nvme() const = 0;
};

/// One attempt under way.
class DOCUPILOT_EXPORT PartTransfer {
 public:
  virtual ~PartTransfer();
  /// A body that had none for now has bytes again. Any thread.
  virtual void resume() = 0;
  /// Ends it with `cancelled`, soon. Any thread; does nothing once it has ended.
  virtual void cancel() = 0;
};

/// What came of one attempt, and what it means for another.
enum class PartVerdict {
  stored,  ///< Acknowledged.
  mended,  ///< Refused, and the reason is mended (fresh credentials or URL, the clock, an optional part of the request
           ///< left out): again at once.
  transient,  ///< Trouble on the way or at the server: the same again may succeed.
  throttled,  ///< Refused for now: later, and less of it.
  no_upload,  ///< The server does not know the upload.
  final,      ///< Refused for good.
};

struct PartReply {
  PartVerdict verdict = PartVerdict::final;
  PartInfo part = {};                 ///< Of stored parts.
  ObjectInfo object = {};             ///< Of whole objects that were stored; `modified` may be missing.
  std::optional<Error> error = {};    ///< Of all other verdicts.
  std::optional<Duration> wait = {};  ///< How long the server asks to wait.
  bool asked_by_aws = false;          ///< The hint is AWS's own: the wait lies between it and 5 s more.
  std::uint64_t bytes_sent = 0;       ///< Of the body, in this attempt.
};

/// Where all parts of one upload go, or a whole object.
struct PartTarget {
  MultipartUpload upload;   ///< Of a whole object: what `begin_whole` gave, or its key alone.
  PutOptions options = {};  ///< Of a whole object.
};

/// What is sent.
struct PartRequest {
  std::shared_ptr<const PartTarget> target;  ///< Not null.
  int number = 0;                            ///< Of a part, from 1. 0: the whole object in one request.
  int last = 0;                              ///< The number of the upload's last part; 0: not known yet.
  std::shared_ptr<PartBody> body;

  [[nodiscard]] const std::string& key() const noexcept { return target->upload.key; }
};

/// Sends bodies to a store without a thread for each: many attempts under way at a time, each of them made once. Where
/// parts go is decided here: signed by ourselves, or to URLs that somebody else has signed. Who calls it decides
/// about further attempts, and how often in a row a cause may be `mended`. Calls may be made from any thread at any
/// time. The end of the store cancels all that is under way and waits for it, so it cannot come from a `done`.
class DOCUPILOT_EXPORT PartSender {
 public:
  using Done = std::function<void(PartReply)>;

  virtual ~PartSender();
  /// What all attempts at a whole object are sent with, so that it is known again (ObjectStore::find_completed) if a
  /// reply was lost. Makes no request. Default: nothing to know it by.
  [[nodiscard]] virtual MultipartUpload begin_whole(const std::string& key, const PutOptions& options);
  /// Whether `send` of this may have to wait: for credentials, for a URL, for a look at a condition. Never for bytes.
  /// Default: it may.
  [[nodiscard]] virtual bool may_wait(const PartRequest& request) const;
  /// So many parts will soon be sent at a time: what they need, such as connections, may be readied. May have to wait
  /// for credentials; nothing is told of what fails. Default: nothing is done.
  virtual void expect(unsigned parts, const Context& context = {});
  /// Rewinds the body and sends it. `done` is called once, on the sender's thread or by `send`, `resume` or `cancel`
  /// themselves, and must not block, so it cannot call `send` again.
  virtual std::shared_ptr<PartTransfer> send(PartRequest request, Done done, const Context& context = {}) = 0;
};

}  // namespace docupilot::inline v1
