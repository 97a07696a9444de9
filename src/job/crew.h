#pragma once

#include <functional>
#include <vector>

#include "job/pipeline.h"

namespace docupilot::inline v1 {

/// A job to be carried, and the source it reads from when it does not name a file.
struct Task {
  std::size_t index = 0;  ///< Of the request, handed back with the outcome.
  Job job;
  Source* source = nullptr;
};

struct CrewOptions {
  unsigned concurrency = 1;  ///< Jobs prepared side by side; 1: on the calling thread, no other is started.
  std::size_t group = 256;   ///< Jobs committed together at the most.
};

/// How a task ended: through, or with the failure that stopped it (which the journal knows by then).
using OnEnd = std::function<void(std::size_t index, Prepared& work, const std::optional<Pipeline::Failure>& failure)>;

/// Carries tasks to their end: workers prepare them side by side, the calling thread commits what is ready in groups,
/// so that many documents share the cost of making a write durable. What waits for the commit is bounded (32 MiB
/// of text). Calls `on_end` once a task, on the calling thread. Returns when all have ended, and soon once the context
/// ends: tasks not begun by then end with its error and stay in the journal.
void run_crew(const Pipeline& pipeline, std::vector<Task> tasks, const CrewOptions& options, const OnEnd& on_end,
              const Context& context);

}  // namespace docupilot::inline v1
