#include <docupilot/client.h>

#include "base/try.h"
#include "client/download.h"
#include "client/library.h"
#include "client/upkeep.h"
#include "job/ingester.h"
#include "job/object_reader.h"

namespace docupilot::inline v1 {

namespace {

using Access = Library::Access;

// What is under way is not done, whatever the document says: see docs/decisions/0004.
void show_pending(std::span<const UnderWay> jobs, Document& document) {
  for (const UnderWay& job : jobs) {
    if (job.document_id != document.id || job.kind == JobKind::remove) continue;
    for (int stage = static_cast<int>(job.stage); stage < stage_count; ++stage) {
      StageStatus& status = document.stages[stage];
      const bool concerned = job.kind == JobKind::ingest || stage == static_cast<int>(Stage::index);
      if (concerned && status.state == StageState::done) status.state = StageState::pending;
    }
  }
}

}  // namespace

struct Client::State {
  State(Config config, ClientOptions options) : library(std::move(config), std::move(options)) {}
  Library library;

  // Of one document, or "" for all.
  Result<std::vector<UnderWay>> under_way(const std::string& id, const Context& context) {
    DOCUPILOT_TRY(Journal * journal, library.journal(Access::read));
    if (journal == nullptr) return std::vector<UnderWay>();
    return journal->under_way(id, context);
  }
};

Client::Client(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<Client> Client::open(std::string_view library, ClientOptions options) {
  DOCUPILOT_TRY(const Config config, Config::from_library(library));
  return open(config, std::move(options));
}

Result<Client> Client::open(const Config& config, ClientOptions options) {
  DOCUPILOT_TRY(Config resolved, config.resolved());
  return Client(std::make_unique<State>(std::move(resolved), std::move(options)));
}

const Config& Client::config() const noexcept { return state_->library.config(); }

// ---- the whole way
// ---------------------------------------------------------------------------------------------------

Result<IngestResult> Client::ingest(const std::string& path, const IngestOptions& options, const Context& context) {
  const IngestRequest request{.path = path, .source = {}, .options = options};
  return ingest_many({&request, 1}, {}, context).front();
}

Result<IngestResult> Client::ingest(Source& source, const IngestOptions& options, const Context& context) {
  const IngestRequest request{.path = {}, .source = {std::shared_ptr<void>(), &source}, .options = options};
  return ingest_many({&request, 1}, {}, context).front();
}

std::vector<Result<IngestResult>> Client::ingest_many(std::span<const IngestRequest> requests,
                                                      const IngestManyOptions& options, const Context& context) {
  auto roles = state_->library.roles();
  if (roles) return docupilot::ingest_many(*roles, requests, options, context);
  return {requests.size(), Result<IngestResult>(roles.error())};
}

Result<void> Client::remove(const std::string& id, const Context& context) {
  DOCUPILOT_TRY(const Roles roles, state_->library.roles());
  return carry(roles, JobKind::remove, id, context);
}

Result<Document> Client::update(const std::string& id, const DocumentPatch& patch, const WriteCondition& condition,
                                const Context& context) {
  DOCUPILOT_TRY(const Roles roles, state_->library.roles());
  Document document;
  const auto write = [&]() -> Result<void> {
    DOCUPILOT_TRY(document, roles.metadata.patch(id, patch, roles.clock.now(), condition, context));
    return {};
  };
  auto carried = carry(roles, JobKind::reindex, id, context, write);
  if (!carried) return std::move(carried).error();
  return document;
}

// ---- one step
// --------------------------------------------------------------------------------------------------------

Result<Document> Client::document(const std::string& id, const Context& context) {
  DOCUPILOT_TRY(MetadataStore * metadata, state_->library.metadata(Access::read));
  DOCUPILOT_TRY(Document document, metadata->get(id, context));
  DOCUPILOT_TRY(const auto jobs, state_->under_way(id, context));
  show_pending(jobs, document);
  return document;
}

Result<DocumentPage> Client::documents(const DocumentQuery& query, const Context& context) {
  DOCUPILOT_TRY(MetadataStore * metadata, state_->library.metadata(Access::read));
  DOCUPILOT_TRY(DocumentPage page, metadata->query(query, context));
  DOCUPILOT_TRY(const auto jobs, state_->under_way({}, context));
  for (Document& document : page.documents) show_pending(jobs, document);
  return page;
}

Result<std::uint64_t> Client::count(const Filter& filter, const Context& context) {
  DOCUPILOT_TRY(MetadataStore * metadata, state_->library.metadata(Access::read));
  return metadata->count(filter, context);
}

Result<SearchResult> Client::search(const SearchQuery& query, const Context& context) {
  DOCUPILOT_TRY(SearchIndex * index, state_->library.search(Access::read));
  return index->query(query, context);
}

Result<ExtractedText> Client::text(const std::string& id, const Context& context) {
  DOCUPILOT_TRY(MetadataStore * metadata, state_->library.metadata(Access::read));
  DOCUPILOT_TRY(ObjectStore * store, state_->library.store(Access::read));
  DOCUPILOT_TRY(const Document document, metadata->get(id, context));
  ObjectReader body(*store, document.object.key, document.size);
  return state_->library.extractor().extract(body, {.name = document.name, .content_type = document.content_type},
                                             context);
}

Result<Summary> Client::summarize(const std::string& id, SummaryLength length, const Context& context) {
  DOCUPILOT_TRY(const Document found, document(id, context));
  DOCUPILOT_TRY(const ExtractedText extracted, text(id, context));
  DOCUPILOT_TRY(Summarizer * summarizer, state_->library.summarizer());
  return summarizer->summarize({.text = extracted.text, .title = found.title, .length = length}, context);
}

Result<ObjectInfo> Client::upload(const std::string& key, Source& source, const PutOptions& options,
                                  const Context& context) {
  if (key.starts_with("documents/")) {
    return Error(ErrorCode::invalid_argument, "keys under documents/ belong to documents")
        .operation("upload")
        .target(key)
        .hint("choose another key, or ingest a document");
  }
  DOCUPILOT_TRY(Uploader * uploader, state_->library.uploader());
  if (uploader != nullptr && options.durability == Durability::now) {
    DOCUPILOT_TRY(UploadResult result,
                  uploader->upload(source, key, {.put = options, .when_changed = WhenChanged::restart}, context));
    return std::move(result.object);
  }
  DOCUPILOT_TRY(ObjectStore * store, state_->library.store(Access::write));
  return store->put(key, source, options, context);
}

Result<Document> Client::download(const std::string& id, Writer& into, const Context& context) {
  DOCUPILOT_TRY(MetadataStore * metadata, state_->library.metadata(Access::read));
  DOCUPILOT_TRY(ObjectStore * store, state_->library.store(Access::read));
  DOCUPILOT_TRY(Document document, metadata->get(id, context));
  DOCUPILOT_CHECK(download_checked(*store, document, into, context));
  return document;
}

Result<Document> Client::download_file(const std::string& id, const std::string& path, const Context& context) {
  DOCUPILOT_TRY(MetadataStore * metadata, state_->library.metadata(Access::read));
  DOCUPILOT_TRY(ObjectStore * store, state_->library.store(Access::read));
  DOCUPILOT_TRY(Document document, metadata->get(id, context));
  DOCUPILOT_CHECK(docupilot::download_file(*store, document, path, context));
  return document;
}

Result<Secret> Client::presign_download(const std::string& id, const PresignOptions& options, const Context& context) {
  DOCUPILOT_TRY(MetadataStore * metadata, state_->library.metadata(Access::read));
  DOCUPILOT_TRY(ObjectStore * store, state_->library.store(Access::read));
  DOCUPILOT_TRY(const Document document, metadata->get(id, context));
  return store->presign(document.object.key, options, context);
}

Result<Secret> Client::presign_upload(const std::string& key, const PresignOptions& options, const Context& context) {
  DOCUPILOT_TRY(ObjectStore * store, state_->library.store(Access::read));
  return store->presign(key, options, context);
}

// ---- upkeep
// ----------------------------------------------------------------------------------------------------------

Result<LibraryStatus> Client::status(const Context& context) {
  DOCUPILOT_TRY(MetadataStore * metadata, state_->library.metadata(Access::read));
  DOCUPILOT_TRY(SearchIndex * search, state_->library.search(Access::read));
  DOCUPILOT_TRY(ObjectStore * store, state_->library.store(Access::read));
  LibraryStatus status;
  DOCUPILOT_TRY(status.documents, metadata->count({}, context));
  DOCUPILOT_TRY(status.entries, search->count(context));
  ListOptions list{.prefix = "documents/", .limit = 10'000};
  do {
    DOCUPILOT_TRY(const ObjectPage page, store->list(list, context));
    status.objects += page.objects.size();
    list.page_token = page.next_page_token;
  } while (!list.page_token.empty());
  DOCUPILOT_TRY(const auto jobs, state_->under_way({}, context));
  status.pending = jobs.size();
  return status;
}

Result<std::vector<PendingJob>> Client::pending(const Context& context) {
  DOCUPILOT_TRY(Journal * journal, state_->library.journal(Access::read));
  if (journal == nullptr) return std::vector<PendingJob>();
  return pending_jobs(*journal, context);
}

Result<DrainReport> Client::drain(const DrainOptions& options, const Context& context) {
  if (!state_->library.exists()) return DrainReport();
  DOCUPILOT_TRY(const Roles roles, state_->library.roles());
  return drain_jobs(roles, options, context);
}

Result<SweepReport> Client::sweep(const SweepOptions& options, const Context& context) {
  return sweep_library(state_->library, options, context);
}

std::vector<Finding> Client::diagnose(const Context& context) { return diagnose_library(state_->library, context); }

}  // namespace docupilot::inline v1
