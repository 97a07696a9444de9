#include "session.h"

#include <fmt/format.h>

#include "text.h"

namespace docupilot_command {

using docupilot::Error;
using docupilot::ErrorCode;
using docupilot::Result;

namespace {

constexpr std::size_t shortest_prefix = 4;

std::string_view level_name(docupilot::LogLevel level) {
  switch (level) {
    case docupilot::LogLevel::trace: return "trace";
    case docupilot::LogLevel::debug: return "debug";
    case docupilot::LogLevel::info: return "info";
    case docupilot::LogLevel::warning: return "warning";
    case docupilot::LogLevel::error: return "error";
  }
  return "error";
}

}  // namespace

int exit_code(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_argument: return exit_usage;
    case ErrorCode::not_found: return exit_not_found;
    case ErrorCode::unauthenticated:
    case ErrorCode::permission_denied: return exit_permission;
    case ErrorCode::rate_limited:
    case ErrorCode::unavailable:
    case ErrorCode::timeout: return exit_temporary;
    case ErrorCode::already_exists:
    case ErrorCode::precondition_failed:
    case ErrorCode::conflict: return exit_conflict;
    case ErrorCode::unsupported:
    case ErrorCode::too_large:
    case ErrorCode::exhausted:
    case ErrorCode::cancelled:
    case ErrorCode::corrupted:
    case ErrorCode::outcome_unknown:
    case ErrorCode::internal: return exit_error;
  }
  return exit_error;
}

docupilot::Hooks Session::hooks() const {
  docupilot::Hooks hooks;
  if (!output.verbose()) return hooks;
  hooks.minimum_level = docupilot::LogLevel::debug;
  hooks.log = [&out = output](const docupilot::LogRecord& record) {
    out.complaint(fmt::format("{}: {}: {}", level_name(record.level), record.component, escaped(record.message)));
  };
  return hooks;
}

Result<docupilot::Client> Session::open() const {
  Result<docupilot::Config> config = load_configuration(arguments.global);
  if (!config) return std::move(config).error();
  return docupilot::Client::open(*config, {.hooks = hooks()});
}

int Session::fail(const Error& error, std::string_view about, bool json_line) const {
  if (error.code() == ErrorCode::cancelled && interrupt.happened()) {
    output.error(Error(ErrorCode::cancelled, "interrupted"), {}, json_line);
    return exit_interrupted;
  }
  output.error(error, about, json_line);
  return exit_code(error.code());
}

std::string Session::library_flags() const {
  const GlobalArguments& global = arguments.global;
  std::string flags;
  if (!global.library.empty()) flags += " --library " + shell_quoted(global.library);
  if (!global.config.empty()) flags += " --config " + shell_quoted(global.config);
  if (!global.profile.empty()) flags += " --profile " + shell_quoted(global.profile);
  if (!flags.empty()) return flags;
  const Result<docupilot::Config> config = load_configuration(global);
  return config && !config->library.empty() ? " --library " + shell_quoted(config->library) : flags;
}

Result<docupilot::Document> find_document(docupilot::Client& client, const std::string& id,
                                          const docupilot::Context& context) {
  Result<docupilot::Document> exact = client.document(id, context);
  if (exact || exact.error().code() != ErrorCode::not_found || id.size() < shortest_prefix) return exact;
  docupilot::DocumentQuery query;
  query.filter = docupilot::field("id").starts_with(id);
  query.limit = 4;
  Result<docupilot::DocumentPage> page = client.documents(query, context);
  if (!page) return std::move(page).error();
  if (page->documents.size() == 1) return std::move(page->documents.front());
  if (page->documents.empty()) return exact;
  std::string ids;
  for (const docupilot::Document& document : page->documents) ids += (ids.empty() ? "" : ", ") + document.id;
  return Error(ErrorCode::invalid_argument, "several ids begin so")
      .operation("document")
      .target(id)
      .hint(fmt::format("give more of it; {}{}", ids, page->next_page_token.empty() ? "" : ", ..."));
}

}  // namespace docupilot_command
