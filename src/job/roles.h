#pragma once

#include <docupilot/base/log.h>
#include <docupilot/extract/extractor.h>
#include <docupilot/metadata/metadata_store.h>
#include <docupilot/search/search_index.h>
#include <docupilot/store/object_store.h>
#include <docupilot/summary/summarizer.h>
#include <docupilot/upload/uploader.h>

#include "job/journal.h"

namespace docupilot::inline v1 {

/// One of each, all open, none owned: what a job needs to carry a document.
struct Roles {
  ObjectStore& store;
  Extractor& extractor;
  MetadataStore& metadata;
  SearchIndex& search;
  Summarizer& summarizer;
  Journal& journal;
  Clock& clock;
  const Hooks& hooks;
  Uploader* uploader = nullptr;  ///< For large objects; null where they are put as the others are.
};

}  // namespace docupilot::inline v1
