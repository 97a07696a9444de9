#include <filesystem>

#include <docupilot/base/version.h>
#include <docupilot/source/content_hash.h>
#include <unistd.h>

#include "base/try.h"
#include "client/upkeep.h"
#include "crypto/random.h"

namespace docupilot::inline v1 {

namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

constexpr std::uint64_t little_space = 256U << 20U;

class Diagnosis {
 public:
  Diagnosis(Library& library, const Context& context) : library_(library), context_(context) {}

  std::vector<Finding> run() {
    add(Level::ok, "system", "DocuPilot " + std::string(version()) + ", " + hash_kernels());
    look_for_pdftotext();
    if (!library_.exists()) {
      add(Level::warning, "library", "there is no library in " + library_.config().library,
          "ingest something first, or name the right folder");
      look_at_distant_store();
      return std::move(findings_);
    }
    look_at_space();
    look_at_store(library_.store(library_.config().read_only ? Library::Access::read : Library::Access::write));
    check("metadata", metadata());
    check("search", search());
    check("summary", summary());
    check("journal", journal());
    return std::move(findings_);
  }

 private:
  void add(Level level, std::string component, std::string message, std::string hint = {}) {
    findings_.push_back({level, std::move(component), std::move(message), std::move(hint)});
  }
  void check(const char* component, const Result<std::string>& outcome) {
    if (outcome) return add(Level::ok, component, *outcome);
    Error error = outcome.error();
    std::string hint = error.hint();
    error = std::move(error).hint({});  // has a place of its own
    add(Level::problem, component, error.to_string(), std::move(hint));
  }

  void look_for_pdftotext() {
    const std::string& program = library_.config().extract.pdftotext;
    const bool found = [&] {
      if (program.find('/') != std::string::npos) return ::access(program.c_str(), X_OK) == 0;
      const char* path = program.empty() ? nullptr : ::getenv("PATH");
      for (std::string_view rest = path == nullptr ? "" : path; !rest.empty();) {
        const std::size_t colon = std::min(rest.find(':'), rest.size());
        if (::access((std::string(rest.substr(0, colon)) + '/' + program).c_str(), X_OK) == 0) return true;
        rest.remove_prefix(std::min(colon + 1, rest.size()));
      }
      return false;
    }();
    if (found) add(Level::ok, "extract", "text of PDF files by " + program);
    else
      add(Level::warning, "extract", "there is no pdftotext: PDF files are kept without their text",
          "install poppler-utils");
  }

  void look_at_space() {
    if (library_.config().library.empty()) return;
    std::error_code error;
    const fs::space_info space = fs::space(library_.config().library, error);
    if (!error && space.available < little_space) {
      add(Level::warning, "system", "less than 256 MiB are free on the library's disk", "free some space");
    }
  }

  /// A store that needs no library can be looked at before there is one.
  void look_at_distant_store() {
    auto store = library_.open_store();
    if (store && !(*store)->capabilities().remote) return;
    look_at_store(store ? Result<ObjectStore*>(store->get()) : Result<ObjectStore*>(store.error()));
  }

  /// A store that works is also asked for what its calls do not tell.
  void look_at_store(const Result<ObjectStore*>& store) {
    check("store", store ? try_out(**store) : Result<std::string>(store.error()));
    store_works_ = findings_.back().level != Level::problem;
    if (!store_works_) return;
    for (Finding& finding : (*store)->examine(context_)) findings_.push_back(std::move(finding));
  }

  Result<std::string> try_out(ObjectStore& store) {
    if (library_.config().read_only) {
      DOCUPILOT_CHECK(store.list({.limit = 1}, context_));
      return "reads " + BackendUrl::redacted(library_.config().store);
    }
    const std::string key = "diagnose/" + crypto::random_hex(16);
    MemoryReader body(as_bytes(key));
    DOCUPILOT_CHECK(store.put(key, body, {}, context_));
    MemoryWriter back;
    const auto got = store.get(key, back, {}, context_);
    DOCUPILOT_CHECK(store.remove(key, context_));
    DOCUPILOT_CHECK(got);
    if (back.text() != key) return Error(ErrorCode::corrupted, "what is read is not what was written").target(key);
    return "writes, reads and removes in " + BackendUrl::redacted(library_.config().store);
  }

  Result<std::string> metadata() {
    DOCUPILOT_TRY(MetadataStore * metadata, library_.metadata(Library::Access::read));
    // Every document is read, so that damage shows wherever it is.
    std::uint64_t count = 0;
    std::uint64_t lost = 0;
    DOCUPILOT_TRY(ObjectStore * store, library_.store(Library::Access::read));
    std::unordered_set<std::string> stored;
    if (store_works_) {
      DOCUPILOT_TRY(stored, stored_keys(*store, context_));
    }
    DocumentQuery query{.limit = 1'000};
    do {
      DOCUPILOT_TRY(const DocumentPage page, metadata->query(query, context_));
      count += page.documents.size();
      for (const Document& document : page.documents) {
        if (!store_works_ || stored.contains(document.object.key)) continue;
        DOCUPILOT_TRY(const bool there, is_stored(*store, document.object.key, context_));
        lost += there ? 0 : 1;
      }
      query.page_token = page.next_page_token;
    } while (!query.page_token.empty());
    documents_ = count;
    if (lost > 0) {
      add(Level::problem, "store", std::to_string(lost) + " documents have lost their bytes",
          "`docupilot sweep --dry-run` lists them; ingest them again from their sources");
    }
    if (count == 0 && !stored.empty()) {
      return Error(ErrorCode::corrupted, "there is not one document, but there are objects of documents")
          .hint("restore the metadata from a backup, or ingest the documents again");
    }
    return std::to_string(count) + " documents in " + BackendUrl::redacted(library_.config().metadata);
  }

  Result<std::string> search() {
    DOCUPILOT_TRY(SearchIndex * search, library_.search(Library::Access::read));
    DOCUPILOT_TRY(const std::uint64_t count, search->count(context_));
    DOCUPILOT_CHECK(search->query({.text = "diagnose", .limit = 1}, context_));
    if (count == 0 && documents_ > 0) {
      add(Level::warning, "search", "nothing can be found of " + std::to_string(documents_) + " documents",
          "`docupilot sweep` indexes what should be findable");
    }
    return std::to_string(count) + " documents can be found in " + BackendUrl::redacted(library_.config().search);
  }

  Result<std::string> summary() {
    DOCUPILOT_TRY(Summarizer * summarizer, library_.summarizer());
    DOCUPILOT_CHECK(summarizer->summarize({.text = "This sentence is here to be summarised."}, context_));
    return "summaries by " + summarizer->name();
  }

  Result<std::string> journal() {
    DOCUPILOT_TRY(Journal * journal, library_.journal(Library::Access::read));
    if (journal == nullptr) return std::string("nothing is under way");
    DOCUPILOT_TRY(const auto held, journal->pending(context_));
    std::size_t left = 0;
    for (const auto& [job, holder] : held) left += holder == Holder::nobody ? 1 : 0;
    if (left == 0) return std::to_string(held.size()) + " jobs are under way";
    add(Level::warning, "journal", std::to_string(left) + " jobs were begun and not finished",
        "`docupilot resume`, or Client::drain, finishes them");
    return std::string("readable");
  }

  Library& library_;
  const Context& context_;
  bool store_works_ = false;
  std::uint64_t documents_ = 0;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> diagnose_library(Library& library, const Context& context) {
  return Diagnosis(library, context).run();
}

}  // namespace docupilot::inline v1
