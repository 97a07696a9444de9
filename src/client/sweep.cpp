#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/try.h"
#include "client/upkeep.h"
#include "job/ingester.h"

namespace docupilot::inline v1 {

namespace {

constexpr std::string_view documents = "documents/";
constexpr std::size_t page_size = 1'000;
constexpr std::int64_t keep_keys_microseconds = std::int64_t{7} * 24 * 3'600 * 1'000'000;

// "documents/ID.TOKEN" belongs to ID.
std::string id_of(std::string_view key) {
  key.remove_prefix(std::min(documents.size(), key.size()));
  return std::string(key.substr(0, key.find('.')));
}

class Sweep {
 public:
  Sweep(const Roles& roles, const SweepOptions& options, const Context& context)
      : roles_(roles), options_(options), context_(context) {
    report_.dry_run = options.dry_run;
  }

  Result<SweepReport> run() {
    DOCUPILOT_CHECK(look_for_loss());
    DOCUPILOT_CHECK(look_at_objects());
    DOCUPILOT_CHECK(look_at_documents());
    DOCUPILOT_CHECK(look_at_entries());
    DOCUPILOT_TRY(report_.temporary, roles_.store.sweep_temporary(options_.keep_temporary, options_.dry_run, context_));
    DOCUPILOT_CHECK(look_at_uploads());
    if (!options_.dry_run) {
      DOCUPILOT_CHECK(roles_.journal.tidy({roles_.clock.now().microseconds - keep_keys_microseconds}, context_));
    }
    return std::move(report_);
  }

 private:
  // Without its metadata every object of a library looks like an orphan.
  Result<void> look_for_loss() {
    if (options_.dry_run || options_.allow_no_documents) return {};
    DOCUPILOT_TRY(const std::uint64_t count, roles_.metadata.count({}, context_));
    if (count > 0) return {};
    DOCUPILOT_TRY(const std::set<std::string> busy, keys_under_way());
    DOCUPILOT_TRY(const ObjectPage page,
                  roles_.store.list({.prefix = std::string(documents), .limit = page_size}, context_));
    if (std::ranges::all_of(page.objects, [&](const ObjectInfo& object) { return busy.contains(object.key); }))
      return {};
    return Error(ErrorCode::precondition_failed, "there is not one document, but there are objects of documents")
        .operation("sweep")
        .hint(
            "if the metadata were lost, restore them; to remove all objects, set allow_no_documents (docupilot sweep "
            "--no-documents)");
  }

  // Which of these keys documents name. Asked after the journal: a job that ended in between has written its document.
  Result<std::set<std::string>> named(const std::vector<std::string>& keys) {
    std::vector<Value> ids;
    for (const std::string& key : keys) {
      if (std::string id = id_of(key); check_document_id(id)) ids.emplace_back(std::move(id));
    }
    std::set<std::string> found;
    DocumentQuery query{.filter = field("id").one_of(std::move(ids)), .limit = page_size};
    do {
      DOCUPILOT_TRY(const DocumentPage page, roles_.metadata.query(query, context_));
      for (const Document& document : page.documents) found.insert(document.object.key);
      query.page_token = page.next_page_token;
    } while (!query.page_token.empty());
    return found;
  }

  Result<std::set<std::string>> keys_under_way() {
    DOCUPILOT_TRY(const auto held, roles_.journal.pending(context_));
    std::set<std::string> keys;
    for (const auto& [job, holder] : held) {
      keys.insert(job.object_key);
      keys.insert(job.old_keys.begin(), job.old_keys.end());
    }
    return keys;
  }

  Result<void> look_at_objects() {
    ListOptions list{.prefix = std::string(documents), .limit = page_size};
    do {
      DOCUPILOT_TRY(const ObjectPage page, roles_.store.list(list, context_));
      DOCUPILOT_TRY(const std::set<std::string> busy, keys_under_way());
      std::vector<std::string> keys;
      for (const ObjectInfo& object : page.objects) {
        listed_.insert(object.key);
        if (!busy.contains(object.key)) keys.push_back(object.key);
      }
      if (!keys.empty()) {
        DOCUPILOT_TRY(const std::set<std::string> wanted, named(keys));
        for (std::string& key : keys) {
          if (wanted.contains(key)) continue;
          if (!options_.dry_run) DOCUPILOT_CHECK(roles_.store.remove(key, context_));
          report_.orphan_objects.push_back(std::move(key));
        }
      }
      list.page_token = page.next_page_token;
    } while (!list.page_token.empty());
    return {};
  }

  Result<void> look_at_documents() {
    DOCUPILOT_TRY(std::set<std::string> indexed, all_entries());
    DOCUPILOT_TRY(const std::set<std::string> busy, documents_under_way());
    DocumentQuery query{.limit = page_size};
    do {
      DOCUPILOT_TRY(const DocumentPage page, roles_.metadata.query(query, context_));
      for (const Document& document : page.documents) {
        if (busy.contains(document.id)) continue;
        DOCUPILOT_TRY(const bool gone, is_gone(document.object.key));
        if (gone) report_.dangling_documents.push_back(document.id);
        const bool should = document.stage(Stage::index).state != StageState::skipped;
        if (!gone && should && !indexed.contains(document.id)) {
          if (!options_.dry_run) DOCUPILOT_CHECK(carry(roles_, JobKind::reindex, document.id, context_));
          report_.missing_entries.push_back(document.id);
        }
      }
      query.page_token = page.next_page_token;
    } while (!query.page_token.empty());
    return {};
  }

  // An object that was listed is there; one that was not may have come since.
  Result<bool> is_gone(const std::string& key) {
    if (listed_.contains(key)) return false;
    DOCUPILOT_TRY(const bool there, is_stored(roles_.store, key, context_));
    return !there;
  }

  Result<void> look_at_entries() {
    DOCUPILOT_TRY(const std::set<std::string> indexed, all_entries());
    DOCUPILOT_TRY(const std::set<std::string> busy, documents_under_way());
    for (const std::string& id : indexed) {
      if (busy.contains(id)) continue;
      DOCUPILOT_TRY(const bool orphan, is_orphan(id));
      if (!orphan) continue;
      if (!options_.dry_run) DOCUPILOT_CHECK(remove_entry(id));
      report_.orphan_entries.push_back(id);
    }
    return {};
  }

  Result<bool> is_orphan(const std::string& id) {
    auto document = roles_.metadata.get(id, context_);
    if (!document && document.error().code() != ErrorCode::not_found) return std::move(document).error();
    return !document;
  }

  // A job that is to go on with one of them begins it anew.
  Result<void> look_at_uploads() {
    if (roles_.uploader == nullptr) return {};
    DOCUPILOT_TRY(auto swept, roles_.uploader->sweep(options_.keep_temporary, options_.dry_run, context_));
    for (SweptUpload& one : swept) {
      if (one.error) return *std::move(one.error);
      report_.temporary.push_back("upload of " + one.upload.key);
    }
    return {};
  }

  // Holds the document meanwhile, so that nobody ingests it between the second look and the removal.
  Result<void> remove_entry(const std::string& id) {
    auto carried = carry(roles_, JobKind::reindex, id, context_, [&]() -> Result<void> {
      DOCUPILOT_TRY(const bool orphan, is_orphan(id));
      if (!orphan) return {};
      DOCUPILOT_TRY(const WriteToken token, roles_.search.remove({&id, 1}, context_));
      return roles_.search.wait(token, context_);
    });
    // What is left of the job finds no document: just so.
    return carried || carried.error().code() == ErrorCode::not_found ? Result<void>() : carried;
  }

  Result<std::set<std::string>> all_entries() {
    std::set<std::string> ids;
    for (std::string after;;) {
      DOCUPILOT_TRY(const std::vector<std::string> some, roles_.search.ids(after, page_size, context_));
      if (some.empty()) return ids;
      after = some.back();
      ids.insert(some.begin(), some.end());
    }
  }

  Result<std::set<std::string>> documents_under_way() {
    DOCUPILOT_TRY(const auto held, roles_.journal.pending(context_));
    std::set<std::string> ids;
    for (const auto& [job, holder] : held) ids.insert(job.document_id);
    return ids;
  }

  const Roles& roles_;
  const SweepOptions& options_;
  const Context& context_;
  std::unordered_set<std::string> listed_;
  SweepReport report_;
};

}  // namespace

Result<std::unordered_set<std::string>> stored_keys(ObjectStore& store, const Context& context) {
  std::unordered_set<std::string> keys;
  ListOptions list{.prefix = std::string(documents), .limit = page_size};
  do {
    DOCUPILOT_TRY(ObjectPage page, store.list(list, context));
    for (ObjectInfo& object : page.objects) keys.insert(std::move(object.key));
    list.page_token = std::move(page.next_page_token);
  } while (!list.page_token.empty());
  return keys;
}

Result<bool> is_stored(ObjectStore& store, const std::string& key, const Context& context) {
  auto object = store.head(key, context);
  if (!object && object.error().code() != ErrorCode::not_found) return std::move(object).error();
  return object.has_value();
}

Result<SweepReport> sweep_library(Library& library, const SweepOptions& options, const Context& context) {
  if (!library.exists()) {
    DOCUPILOT_CHECK(library.metadata(Library::Access::read));  // says that there is no library
  }
  DOCUPILOT_TRY(const Roles roles, library.roles());
  return Sweep(roles, options, context).run();
}

}  // namespace docupilot::inline v1
