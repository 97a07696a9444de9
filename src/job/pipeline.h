#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "job/roles.h"
#include "job/source_tap.h"

namespace docupilot::inline v1 {

/// A job whose document has been read: what is left is to write down what was found.
struct Prepared {
  Job job;
  Document document;              ///< As it will be when the job is through.
  std::optional<Document> prior;  ///< The revision before, when there is one.
  std::string text;               ///< For the index.
  std::vector<Error> warnings;    ///< Stages that failed for good.
  bool unchanged = false;         ///< The same bytes and members as the prior revision: nothing to write.
};

/// Carries jobs through the stages. `prepare` does the work that many threads share; `commit` writes down what a group
/// of them found, in one transaction a stage. The journal is written before and after each stage, and each stage can
/// be done twice with the same outcome: whatever instant the process dies at, going on from the journal ends in the
/// same state. docs/architecture.md tells the protocol.
class Pipeline {
 public:
  /// Told how many more bytes of sources were read; called by any thread that prepares.
  using OnBytes = std::function<void(std::uint64_t)>;

  explicit Pipeline(const Roles& roles, OnBytes on_bytes = {}) : roles_(roles), on_bytes_(std::move(on_bytes)) {}

  /// A failure, and whether a later process may still finish the job.
  struct Failure {
    Error error;
    bool resumable = false;
  };

  /// Stores the bytes (durable only once committed), extracts the text and composes the document. `source` is for
  /// jobs that do not name a file, and null when the job is resumed. Thread safe.
  [[nodiscard]] std::optional<Failure> prepare(Prepared& work, Source* source, const Context& context) const;

  /// Makes the bytes durable, writes metadata and index, removes what was replaced, and finishes the jobs. The failure
  /// of each, in the same order; nothing for those that are through.
  [[nodiscard]] std::vector<std::optional<Failure>> commit(std::span<Prepared> group, const Context& context) const;

  /// Records in the journal that jobs failed: resumable ones are let go of, the others forgotten with what they had
  /// stored.
  struct Failed {
    const Job& job;
    const Failure& failure;
  };
  void give_up(std::span<const Failed> failed) const;

 private:
  struct Bytes;  // where the text of a document comes from
  using Failures = std::vector<std::optional<Failure>>;

  [[nodiscard]] std::optional<Failure> store(Prepared& work, Source* source, Bytes& bytes,
                                             const Context& context) const;
  [[nodiscard]] std::optional<Failure> put(Prepared& work, Source& source, Bytes& bytes, const Context& context) const;
  /// Whether the source is large, can be read at any place, and goes to a store over a network: then it goes in parts,
  /// several at a time, and what was sent is not sent again after a kill.
  [[nodiscard]] bool is_for_uploader(const Source& source) const;
  /// Also reads all of the tap.
  [[nodiscard]] Result<UploadResult> upload(const Job& job, Source& source, SourceTap& tap, PutOptions options,
                                            const Context& context) const;
  [[nodiscard]] std::optional<Failure> check_key(const Job& job, const Context& context) const;
  [[nodiscard]] Result<void> describe(Prepared& work, Bytes& bytes, const Context& context) const;
  [[nodiscard]] Result<void> extract(Prepared& work, Reader& body, const Context& context) const;
  [[nodiscard]] Result<void> summarize(Prepared& work, const Context& context) const;
  void compose(Prepared& work, const Bytes& bytes) const;
  [[nodiscard]] static std::string content_type(const Job& job, const Bytes& bytes);

  [[nodiscard]] Result<void> save(std::span<Prepared> group, const Failures& failures, Stage next,
                                  const Context& context) const;
  [[nodiscard]] Result<void> write_one(Prepared& work, const Context& context) const;
  static void take_over(Prepared& work);
  void write_metadata(std::span<Prepared> group, Failures& failures, const Context& context) const;
  void write_index(std::span<Prepared> group, Failures& failures, const Context& context) const;
  void remove_replaced(std::span<Prepared> group, Failures& failures, const Context& context) const;
  void note(std::string_view span, Timestamp started, bool failed) const;

  Roles roles_;
  OnBytes on_bytes_;
};

/// The failure as it counts for a job: errors that pass, and the end of the caller's patience, leave it resumable.
[[nodiscard]] Pipeline::Failure backend_failure(const Job& job, Error error);

}  // namespace docupilot::inline v1
