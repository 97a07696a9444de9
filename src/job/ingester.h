#pragma once

#include <functional>
#include <span>
#include <vector>

#include "job/crew.h"

namespace docupilot::inline v1 {

/// Turns requests into jobs and carries them: Client::ingest_many, whose contract this fulfils.
[[nodiscard]] std::vector<Result<IngestResult>> ingest_many(const Roles& roles, std::span<const IngestRequest> requests,
                                                            const IngestManyOptions& options, const Context& context);

/// Finishes what other processes or earlier calls left: Client::drain.
[[nodiscard]] Result<DrainReport> drain_jobs(const Roles& roles, const DrainOptions& options, const Context& context);

/// Client::pending.
[[nodiscard]] Result<std::vector<PendingJob>> pending_jobs(Journal& journal, const Context& context);

/// Carries one job that is not an ingest: Client::remove and Client::update. `first` runs once the job is in the
/// journal; when it fails, so does the call, and the job is forgotten.
[[nodiscard]] Result<void> carry(const Roles& roles, JobKind kind, const std::string& document_id,
                                 const Context& context, const std::function<Result<void>()>& first = {});

}  // namespace docupilot::inline v1
