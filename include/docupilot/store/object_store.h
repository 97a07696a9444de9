#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <docupilot/base/document.h>
#include <docupilot/base/finding.h>
#include <docupilot/base/secret.h>
#include <docupilot/base/stream.h>

namespace docupilot::inline v1 {

/// One object as its store describes it.
struct ObjectInfo {
  std::string key;
  std::uint64_t size = 0;
  std::string etag;     ///< Without quotes; changes whenever the bytes do.
  std::string version;  ///< Empty when the store keeps none.
  Timestamp modified;
  std::string content_type;  ///< Empty when the store keeps none (see StoreCapabilities::attributes).
  std::map<std::string, std::string> attributes;  ///< User metadata, names in lower case.
  std::optional<std::uint64_t> crc64nvme = {};    ///< Of all the bytes, when the store tells it.

  bool operator==(const ObjectInfo&) const = default;
};

/// When a write must survive a loss of power.
enum class Durability {
  now,       ///< Before the call returns.
  on_flush,  ///< When the next `flush` returns; until then the object need not be visible. For many writes at once.
};

struct PutOptions {
  std::string content_type = {};
  std::map<std::string, std::string> attributes = {};  ///< User metadata; at most 2 KiB of names and values.
  bool if_absent = false;                              ///< Fail with `already_exists` rather than replace.
  std::string if_match = {};  ///< Replace only this etag, else `precondition_failed`. Empty: any.
  Durability durability = Durability::now;

  [[nodiscard]] bool is_conditional() const noexcept { return if_absent || !if_match.empty(); }
};

struct GetOptions {
  std::uint64_t offset = 0;                  ///< First byte wanted; at the end: no bytes; past it: invalid_argument.
  std::optional<std::uint64_t> length = {};  ///< At most so many bytes; default: to the end.
  std::string if_match = {};                 ///< Only this etag, else `precondition_failed`.
};

struct ListOptions {
  std::string prefix = {};
  std::string delimiter = {};   ///< Keys that go on behind it are folded into `ObjectPage::prefixes`. Empty: none.
  std::string page_token = {};  ///< From the page before.
  std::size_t limit = 1000;     ///< Keys and prefixes a page, 1 to 10,000.
};

struct ObjectPage {
  std::vector<ObjectInfo> objects;    ///< By key, in order of UTF-8 bytes. Attributes are not filled in.
  std::vector<std::string> prefixes;  ///< Likewise in order.
  std::string next_page_token;        ///< Empty on the last page.
};

/// A multipart upload that has begun and is neither complete nor aborted.
struct MultipartUpload {
  std::string key;
  std::string upload_id;
  Timestamp started;
};

struct PartInfo {
  int number = 0;  ///< 1 to 10,000.
  std::uint64_t size = 0;
  std::string etag;
  std::optional<std::uint64_t> crc64nvme = {};  ///< Of its bytes, as sent or as the store tells; not all stores do.
};

struct PresignOptions {
  enum class Method { get, put };
  Method method = Method::get;
  Duration expires = Duration::milliseconds(600'000);  ///< 1 s to 7 days; default 10 minutes.
  std::string content_type = {};                       ///< For put: the uploader must send exactly this.
};

/// What a store can do; the conformance suite chooses its cases by it.
struct StoreCapabilities {
  bool conditional_put = false;  ///< `if_absent` and `if_match` of put are atomic.
  bool attributes = false;       ///< Keeps content type and user metadata.
  bool multipart = false;        ///< The five multipart calls.
  bool presign = false;
  bool remote = false;        ///< Calls wait for a network, so that many at a time are worth their while.
  bool deferred_put = false;  ///< Durability::on_flush waits for `flush`, and a failed flush drops what waited.
  bool versions = false;      ///< Fills in ObjectInfo::version.
  bool any_key = true;        ///< Takes every key of the rule beside every other; else refuses some: invalid_argument.
  std::size_t attribute_cost = 0;  ///< Bytes of the 2 KiB that each attribute takes beyond its name and value.
  std::uint64_t maximum_object_size = UINT64_MAX;
  std::uint64_t minimum_part_size = 0;  ///< Of all parts but the last.
  bool equal_parts = false;             ///< All parts but the last must be of one size.
};

class PartSender;

/// Keeps bytes under keys. A key is 1 to 1,024 bytes of UTF-8 without control characters; it is not a path, but
/// `/` in it is what `delimiter` usually names. An object is there whole or not at all.
///
/// Every call may be made from any thread at any time. Errors all calls share: invalid_argument for a bad key,
/// timeout, cancelled, unavailable, permission_denied, exhausted.
class DOCUPILOT_EXPORT ObjectStore {
 public:
  virtual ~ObjectStore();

  /// Scheme of the backend, "file" or "s3".
  [[nodiscard]] virtual std::string scheme() const = 0;
  [[nodiscard]] virtual StoreCapabilities capabilities() const = 0;

  /// Reads `body` to its end and keeps it under `key`, replacing what was there. On an error the object that was
  /// there stays. A reader that says its size and ends elsewhere: `corrupted`.
  [[nodiscard]] virtual Result<ObjectInfo> put(const std::string& key, Reader& body, const PutOptions& options = {},
                                               const Context& context = {}) = 0;
  /// Makes every put with Durability::on_flush that returned before this call visible and durable. On an error it is
  /// unknown which of them are; putting them again is right. Default: nothing to do.
  [[nodiscard]] virtual Result<void> flush(const Context& context = {});
  /// Removes what calls of programs that died have left behind, when it is older than `older_than`, and returns its
  /// names; with `dry_run` only tells them. Leaves alone what a living program uses, and multipart uploads: those can
  /// be resumed and are ended by abort_multipart. Default: nothing to sweep.
  [[nodiscard]] virtual Result<std::vector<std::string>> sweep_temporary(Duration older_than, bool dry_run,
                                                                         const Context& context = {});
  /// Writes the bytes, or the range asked for, to `into`. Errors: not_found; those of the writer, unchanged.
  [[nodiscard]] virtual Result<ObjectInfo> get(const std::string& key, Writer& into, const GetOptions& options = {},
                                               const Context& context = {}) = 0;
  /// Errors: not_found.
  [[nodiscard]] virtual Result<ObjectInfo> head(const std::string& key, const Context& context = {}) = 0;
  [[nodiscard]] virtual Result<ObjectPage> list(const ListOptions& options = {}, const Context& context = {}) = 0;
  /// Removes the object; no error when there is none.
  [[nodiscard]] virtual Result<void> remove(const std::string& key, const Context& context = {}) = 0;
  /// Copies inside the store, with content type and attributes. Errors: not_found.
  [[nodiscard]] virtual Result<ObjectInfo> copy(const std::string& from, const std::string& to,
                                                const Context& context = {}) = 0;

  // Multipart: parts in any order and several at a time, visible only once complete. All default to `unsupported`.
  [[nodiscard]] virtual Result<MultipartUpload> begin_multipart(const std::string& key, const PutOptions& options = {},
                                                                const Context& context = {});
  /// A part sent again under the same number replaces the earlier one. Errors: not_found for an unknown upload.
  [[nodiscard]] virtual Result<PartInfo> put_part(const MultipartUpload& upload, int number, Reader& body,
                                                  const Context& context = {});
  /// The parts that the store has, by number.
  [[nodiscard]] virtual Result<std::vector<PartInfo>> list_parts(const MultipartUpload& upload,
                                                                 const Context& context = {});
  /// Joins the parts named, in the order of their numbers; they should have their sizes. The answer may leave out type
  /// and attributes, which were given when the upload began, and have its own time rather than the object's. Errors:
  /// corrupted when a part or etag is not what it has.
  [[nodiscard]] virtual Result<ObjectInfo> complete_multipart(const MultipartUpload& upload,
                                                              const std::vector<PartInfo>& parts,
                                                              const Context& context = {});
  /// Forgets the parts; no error when the upload is unknown.
  [[nodiscard]] virtual Result<void> abort_multipart(const MultipartUpload& upload, const Context& context = {});
  /// Uploads that are neither complete nor aborted, those under `prefix`.
  [[nodiscard]] virtual Result<std::vector<MultipartUpload>> list_multipart(const std::string& prefix = {},
                                                                            const Context& context = {});

  /// The object at the upload's key, if it is what this upload would have made of these parts: known by the upload's
  /// mark where the store leaves one, by the size, and by the ETag or checksum that the parts make together. Nothing:
  /// it is not, or there is no telling. For a completion whose reply was lost.
  [[nodiscard]] virtual Result<std::optional<ObjectInfo>> find_completed(const MultipartUpload& upload,
                                                                         const std::vector<PartInfo>& parts,
                                                                         const Context& context = {});

  /// Sends parts and small objects without a thread for each, for the uploader; as long-lived as the store. Default:
  /// null, the uploader then calls `put` and `put_part` on threads of its own.
  [[nodiscard]] virtual PartSender* part_sender();
  /// Where it is, as far as two stores in one place say the same: "s3://bucket/prefix at https://host". Without
  /// secrets. Default: the scheme, so that all of them are in one place.
  [[nodiscard]] virtual std::string location() const;

  /// A URL that gives whoever holds it this one request; a secret until it expires. Default: unsupported.
  [[nodiscard]] virtual Result<Secret> presign(const std::string& key, const PresignOptions& options = {},
                                               const Context& context = {});

  /// What those who run the store should know though its calls work: a clock that is off, a detour on each request.
  /// May ask the server, and says nothing of what it cannot find out. Default: nothing.
  [[nodiscard]] virtual std::vector<Finding> examine(const Context& context = {});

 protected:
  /// The `unsupported` error for a call this store does not have.
  [[nodiscard]] Error unsupported(std::string_view operation) const;
};

/// Writes an object into a file, which appears whole or not at all: a temporary one beside it of mode 0600, made
/// durable, then renamed. Errors: those of get; of the file; invalid_argument when `path` names no file.
[[nodiscard]] DOCUPILOT_EXPORT Result<ObjectInfo> get_to_file(ObjectStore& store, const std::string& key,
                                                              const std::string& path, const GetOptions& options = {},
                                                              const Context& context = {});

/// Likewise, to the object's own key below a folder: "a/b.txt" becomes FOLDER/a/b.txt, and a/ is made. No key leads out
/// of the folder, and no symbolic link below it is followed, whoever puts one there meanwhile. Errors besides:
/// invalid_argument for a key with a '/' in front, behind or doubled, ".", "..", a backslash, or the name of a drive, a
/// device or what a Downloader leaves when it is killed; permission_denied for a symbolic link in the way.
[[nodiscard]] DOCUPILOT_EXPORT Result<ObjectInfo> get_into_folder(ObjectStore& store, const std::string& key,
                                                                  const std::string& folder,
                                                                  const GetOptions& options = {},
                                                                  const Context& context = {});

/// Checks a key against the rule of ObjectStore. Errors: invalid_argument.
[[nodiscard]] DOCUPILOT_EXPORT Result<void> check_object_key(std::string_view key);

}  // namespace docupilot::inline v1
