#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <docupilot/base/log.h>
#include <docupilot/config.h>
#include <docupilot/ingest.h>
#include <docupilot/maintenance.h>
#include <docupilot/metadata/metadata_store.h>
#include <docupilot/registry.h>
#include <docupilot/search/search_index.h>

namespace docupilot::inline v1 {

struct ClientOptions {
  Registry registry = Registry::with_builtins();
  Hooks hooks = {};
  Clock* clock = nullptr;  ///< Not owned; must outlive the client. Default: the system's.
};

/// A library of documents: the whole way of a document, or one step of it.
///
///     auto client = Client::open("./library").value();
///     auto result = client.ingest("report.pdf").value();
///     for (const auto& hit : client.search({.text = "quarterly revenue"}).value().hits) use(hit.snippet);
///
/// Opening does nothing but check the configuration: folders and files are made by the first call that writes, and a
/// call that only reads makes none. Every call may be made from any thread; several processes may use one
/// library. Moving a client while it is in use is not allowed. The destructor waits for nothing: what was under way
/// in a killed program is finished by `drain`.
class DOCUPILOT_EXPORT Client {
 public:
  /// A library by its name; see Config::from_library.
  [[nodiscard]] static Result<Client> open(std::string_view library, ClientOptions options = {});
  [[nodiscard]] static Result<Client> open(const Config& config, ClientOptions options = {});
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // ---- the whole way

  /// Takes a regular file through all stages. Unchanged since it was ingested last: returns quickly. On an error
  /// nothing is half done: either the earlier revision stands, or `pending` lists a job that `drain` will finish.
  [[nodiscard]] Result<IngestResult> ingest(const std::string& path, const IngestOptions& options = {},
                                            const Context& context = {});
  [[nodiscard]] Result<IngestResult> ingest(Source& source, const IngestOptions& options = {},
                                            const Context& context = {});
  /// Takes many, side by side and committed in groups. One that fails does not stop the others; the results stand in
  /// the order of the requests. When the context ends the call, the rest have `cancelled` or `timeout`.
  [[nodiscard]] std::vector<Result<IngestResult>> ingest_many(std::span<const IngestRequest> requests,
                                                              const IngestManyOptions& options = {},
                                                              const Context& context = {});
  /// Removes document, index entry and bytes. No error when there is none.
  [[nodiscard]] Result<void> remove(const std::string& id, const Context& context = {});
  /// Changes what is known of a document and makes the change findable. Errors: not_found, precondition_failed.
  [[nodiscard]] Result<Document> update(const std::string& id, const DocumentPatch& patch,
                                        const WriteCondition& condition = {}, const Context& context = {});

  // ---- one step

  /// Errors: not_found.
  [[nodiscard]] Result<Document> document(const std::string& id, const Context& context = {});
  [[nodiscard]] Result<DocumentPage> documents(const DocumentQuery& query = {}, const Context& context = {});
  [[nodiscard]] Result<std::uint64_t> count(const Filter& filter = {}, const Context& context = {});
  [[nodiscard]] Result<SearchResult> search(const SearchQuery& query, const Context& context = {});
  /// A summary of the document's text as it is now; what is stored with the document stays.
  [[nodiscard]] Result<Summary> summarize(const std::string& id, SummaryLength length = {},
                                          const Context& context = {});
  /// The text that was extracted from the document.
  [[nodiscard]] Result<ExtractedText> text(const std::string& id, const Context& context = {});
  /// Only stores bytes under a key of the object store, outside of any document. To a store over a network by an
  /// Uploader: in parts where they are many, and a file that was cut short goes on where it was.
  [[nodiscard]] Result<ObjectInfo> upload(const std::string& key, Source& source, const PutOptions& options = {},
                                          const Context& context = {});
  /// Writes the document's bytes and checks them against its SHA-256: `corrupted` when they differ, in which case what
  /// was written must be thrown away.
  [[nodiscard]] Result<Document> download(const std::string& id, Writer& into, const Context& context = {});
  /// Into a file that appears whole or not at all (temporary file, then rename). Replaces an existing file. A large one
  /// comes over a network by a Downloader: in ranges, and one that was cut short goes on where it was.
  [[nodiscard]] Result<Document> download_file(const std::string& id, const std::string& path,
                                               const Context& context = {});
  /// A URL to read the bytes, or to write a key, without credentials. Errors: unsupported by most local stores.
  [[nodiscard]] Result<Secret> presign_download(const std::string& id, const PresignOptions& options = {},
                                                const Context& context = {});
  [[nodiscard]] Result<Secret> presign_upload(const std::string& key, const PresignOptions& options = {},
                                              const Context& context = {});

  // ---- upkeep (maintenance.h)

  [[nodiscard]] Result<LibraryStatus> status(const Context& context = {});
  /// Jobs that have begun and not ended, oldest first.
  [[nodiscard]] Result<std::vector<PendingJob>> pending(const Context& context = {});
  /// Finishes the pending jobs that no living process works on. Jobs that fail again stay pending.
  [[nodiscard]] Result<DrainReport> drain(const DrainOptions& options = {}, const Context& context = {});
  /// Finds what belongs to nothing, both ways, and puts it right unless `dry_run`.
  [[nodiscard]] Result<SweepReport> sweep(const SweepOptions& options = {}, const Context& context = {});
  /// Looks at every part of the set-up and says what is wrong and how to mend it. Never fails as a whole.
  [[nodiscard]] std::vector<Finding> diagnose(const Context& context = {});

  /// The configuration in use, every role named.
  [[nodiscard]] const Config& config() const noexcept;

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace docupilot::inline v1
