#include <algorithm>

#include <fmt/format.h>

#include "json_line.h"
#include "session.h"
#include "text.h"

namespace docupilot_command {

using docupilot::Result;
using docupilot::SearchHit;
using docupilot::SearchResult;

namespace {

constexpr std::string_view indent = "   ";

/// Marks become bold on a terminal with colours, and ** elsewhere.
std::string highlighted(std::string_view marked, bool colour) {
  std::string text;
  for (const char c : marked) {
    if (c == mark_begin) text += colour ? "\x1b[1;33m" : "**";
    else if (c == mark_end) text += colour ? "\x1b[0m" : "**";
    else text += c;
  }
  return text;
}

/// Escaped for a terminal, with the marks kept.
std::string escaped_snippet(std::string_view snippet) {
  std::string text;
  while (!snippet.empty()) {
    const std::size_t mark = snippet.find_first_of(std::string_view{"\x01\x02", 2});
    std::string part(snippet.substr(0, mark));
    std::ranges::replace(part, '\n', ' ');
    text += escaped(part);
    if (mark == std::string_view::npos) break;
    text += snippet[mark];
    snippet.remove_prefix(mark + 1);
  }
  return text;
}

std::string asked_for(const SearchArguments& arguments) {
  std::string text;
  for (const std::string& word : arguments.words) text += (text.empty() ? "" : " ") + word;
  return text;
}

void show_corrections(const Session& session, const SearchResult& result) {
  std::string instead;
  std::string missing;
  std::string before;
  for (const docupilot::Correction& correction : result.corrections) {
    instead += (instead.empty() ? "" : " ") + escaped(correction.to);
    if (correction.from == before) continue;  // a word may have several near ones
    missing += (missing.empty() ? "" : ", ") + escaped(correction.from);
    before = correction.from;
  }
  if (!instead.empty())
    session.output.note(fmt::format("Showing results for {} (no document has {})", instead, missing));
}

void show_hit(Output& output, std::size_t number, const SearchHit& hit) {
  const std::size_t columns = output.out().is_terminal ? std::min<std::size_t>(output.out().width(), 100) : 100;
  const std::string title = shortened(escaped(hit.title.empty() ? hit.name : hit.title), columns - 4);
  output.line(fmt::format("{:>2} {}", number, output.styled(title, "1")));
  std::string where = escaped(hit.name) + "  " + hit.id;
  if (output.out().is_terminal) {
    const std::size_t room = columns > hit.id.size() + 8 ? columns - hit.id.size() - 5 : 8;
    where = shortened_middle(escaped(hit.name), room) + "  " + hit.id;
  }
  output.line(std::string(indent) + output.styled(where, "2"));
  bool inside = false;  // a match that goes on over the end of a line is marked on both
  for (std::string line : wrapped(escaped_snippet(hit.snippet), columns - indent.size())) {
    if (inside) line.insert(0, 1, mark_begin);
    inside = line.rfind(mark_begin) != std::string::npos &&
             (line.rfind(mark_end) == std::string::npos || line.rfind(mark_end) < line.rfind(mark_begin));
    if (inside) line += mark_end;
    output.line(std::string(indent) + highlighted(line, output.out().colour));
  }
}

void show_facets(Output& output, const SearchResult& result) {
  for (const auto& [field, values] : result.facets) {
    std::string text;
    for (const auto& [value, count] : values) {
      text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", escaped(value), human_count(count));
    }
    output.line(fmt::format("{}: {}", output.styled(escaped(field), "1"), text));
  }
}

std::string facets_json(const SearchResult& result) {
  JsonLine fields;
  for (const auto& [field, values] : result.facets) {
    std::vector<std::string> counts;
    for (const auto& [value, count] : values)
      counts.push_back(JsonLine().text("value", value).number("count", count).str());
    fields.raw(field, json_array(counts));
  }
  return JsonLine().raw("facets", fields.str()).str();
}

int write_json(const Session& session, docupilot::Client& client, const SearchResult& result) {
  for (const SearchHit& hit : result.hits) {
    Result<docupilot::Document> document = client.document(hit.id, session.context());
    if (!document) {
      if (document.error().code() == docupilot::ErrorCode::not_found) continue;  // removed since
      return session.fail(document.error());
    }
    session.output.line(
        JsonLine(docupilot::to_json(*document)).real("score", hit.score).text("snippet", hit.snippet).str());
  }
  if (!session.arguments.search.facets.empty()) session.output.line(facets_json(result));
  return exit_ok;
}

}  // namespace

int run_search(const Session& session) {
  const SearchArguments& arguments = session.arguments.search;
  Output& output = session.output;
  docupilot::SearchQuery query;
  query.text = asked_for(arguments);
  query.limit = arguments.limit;
  query.facets = arguments.facets;
  query.typo_tolerance = !arguments.no_typo;
  if (!arguments.filter.empty()) {
    Result<docupilot::Filter> filter = docupilot::parse_filter(arguments.filter);
    if (!filter) return session.fail(filter.error());
    query.filter = *std::move(filter);
  }
  if (!output.json()) {
    query.highlight_begin = mark_begin;
    query.highlight_end = mark_end;
    const std::size_t columns = output.out().is_terminal ? output.out().width() : 100;
    query.snippet_words = std::clamp<std::size_t>(columns / 3, 12, 40);
  }
  Result<docupilot::Client> client = session.open();
  if (!client) return session.fail(client.error());
  Result<SearchResult> result = client->search(query, session.context());
  if (!result) return session.fail(result.error());
  show_corrections(session, *result);
  if (output.json()) return write_json(session, *client, *result);
  for (std::size_t i = 0; i < result->hits.size(); ++i) {
    if (i > 0) output.line("");
    show_hit(output, i + 1, result->hits[i]);
  }
  if (!result->facets.empty()) output.line("");
  show_facets(output, *result);
  if (result->hits.empty()) {
    output.note("no document matches");
  } else if (result->estimated_total > result->hits.size()) {
    output.note(fmt::format("\n{} of about {}; --limit shows more", human_count(result->hits.size()),
                            counted(result->estimated_total, "document")));
  }
  return exit_ok;
}

}  // namespace docupilot_command
