#include <docupilot/metadata/metadata_store.h>

#include "base/try.h"
#include "metadata/document_check.h"

namespace docupilot::inline v1 {

MetadataStore::~MetadataStore() = default;

Result<std::vector<std::string>> MetadataStore::put_many(std::span<const Document> documents,
                                                         std::span<const WriteCondition> conditions,
                                                         const Context& context) {
  DOCUPILOT_CHECK(check_batch(documents, conditions));
  std::vector<std::string> revisions;
  revisions.reserve(documents.size());
  for (std::size_t i = 0; i < documents.size(); ++i) {
    DOCUPILOT_TRY(Document written, put(documents[i], conditions.empty() ? WriteCondition() : conditions[i], context));
    revisions.push_back(std::move(written.revision));
  }
  return revisions;
}

Result<Document> apply_patch(Document before, const DocumentPatch& patch, Timestamp when) {
  Document after = std::move(before);
  if (patch.title) after.title = *patch.title;
  if (patch.content_type) after.content_type = *patch.content_type;
  if (patch.tags) after.tags = *patch.tags;
  if (patch.summary) after.summary = *patch.summary;
  for (const auto& [name, value] : patch.attributes) {
    if (value.kind() == Value::Kind::null) after.attributes.erase(name);
    else after.attributes.insert_or_assign(name, value);
  }
  for (const auto& [stage, status] : patch.stages) {
    if (stage < Stage::store || stage > Stage::summary) {
      return Error(ErrorCode::invalid_argument, "there is no such stage").operation("patch").target(after.id);
    }
    after.stage(stage) = status;
  }
  after.updated = when;
  DOCUPILOT_CHECK(check_document(after));
  return after;
}

}  // namespace docupilot::inline v1
