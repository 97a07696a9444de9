#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "json_line.h"
#include "session.h"
#include "text.h"

namespace docupilot_command {

using docupilot::Document;
using docupilot::Result;

namespace {

constexpr std::size_t page_size = 1000;
constexpr std::size_t short_id = 10;  // where full ids would leave no room: a prefix works as well

std::string minute(docupilot::Timestamp time) {
  std::string text = time.to_string().substr(0, 16);
  if (text.size() > 10) text[10] = ' ';
  return text;
}

std::string tags_of(const Document& document) {
  std::string text;
  for (const std::string& tag : document.tags) text += (text.empty() ? "" : ",") + escaped(tag);
  return text;
}

std::vector<docupilot::OrderBy> parse_order(const std::string& text) {
  std::vector<docupilot::OrderBy> order;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string field = text.substr(begin, end - begin);
    const bool descending = field.starts_with('-');
    if (descending) field.erase(0, 1);
    order.push_back({std::move(field), descending});
    begin = end + 1;
  }
  return order;
}

/// Rows under each other; made for the width of the terminal from the first page.
class Table {
 public:
  Table(const Output& output, const std::vector<Document>& first) : columns_(output.out().width()) {
    for (const Document& document : first) {
      id_ = std::max(id_, document.id.size());
      name_ = std::max(name_, display_width(escaped(document.name)));
      tags_ = std::max(tags_, display_width(tags_of(document)));
    }
    const auto rest = [&] { return size_ + gap + (time_ > 0 ? time_ + gap : 0) + gap; };
    if (id_ + gap + least_name + rest() > columns_) time_ = 0;
    if (id_ + gap + least_name + rest() > columns_) id_ = std::min(id_, short_id);
    const std::size_t used = id_ + rest();
    const std::size_t room = columns_ > used ? columns_ - used : 1;
    // Names and tags share what is left; tags go first when it is little.
    if (tags_ > 0 && room >= least_name + gap + 8) tags_ = std::min({tags_, room - least_name - gap, room / 3});
    else tags_ = 0;
    name_ = std::min(std::max(name_, std::size_t{4}), tags_ > 0 ? room - tags_ - gap : room);
  }

  [[nodiscard]] std::string header() const { return row("ID", "NAME", "SIZE", "UPDATED", "TAGS"); }
  [[nodiscard]] std::string row(const Document& document) const {
    return row(document.id, escaped(document.name), human_size(static_cast<double>(document.size)),
               minute(document.updated), tags_of(document));
  }

 private:
  static constexpr std::size_t gap = 2;
  static constexpr std::size_t least_name = 16;

  [[nodiscard]] std::string row(const std::string& id, const std::string& name, const std::string& size,
                                const std::string& time, const std::string& tags) const {
    std::string line = padded(id.substr(0, id_), id_) + "  " + padded(shortened_middle(name, name_), name_) + "  " +
                       fmt::format("{:>{}}", size, size_);
    if (time_ > 0) line += "  " + padded(time, time_);
    if (tags_ > 0) line += "  " + shortened(tags, tags_);
    line.resize(line.find_last_not_of(' ') + 1);
    return shortened(line, columns_);
  }

  std::size_t columns_;
  std::size_t id_ = 2;
  std::size_t name_ = 4;
  std::size_t size_ = 10;
  std::size_t time_ = 16;
  std::size_t tags_ = 0;
};

void show_document(const Session& session, const Document& document) {
  Output& output = session.output;
  const auto row = [&](const char* name, const std::string& value) {
    if (!value.empty()) output.line(output.styled(padded(name, 13), "2") + value);
  };
  output.line(output.styled(escaped(document.title.empty() ? document.name : document.title), "1"));
  row("id", document.id);
  row("name", escaped(document.name));
  row("size", document.size < 1024 ? counted(document.size, "byte")
                                   : fmt::format("{} ({} bytes)", human_size(static_cast<double>(document.size)),
                                                 human_count(document.size)));
  row("type", escaped(document.content_type));
  row("created", document.created.to_string());
  row("updated", document.updated.to_string());
  row("tags", tags_of(document));
  if (!document.attributes.empty()) row("attributes", escaped(docupilot::Value(document.attributes).to_json()));
  row("sha256", document.checksums.sha256);
  row("crc32c", document.checksums.crc32c);
  row("crc64nvme", document.checksums.crc64nvme);
  row("md5", document.checksums.md5);
  row("stored", escaped(document.object.store + ":" + document.object.key));
  row("revision", escaped(document.revision));
  std::string stages;
  for (int i = 0; i < docupilot::stage_count; ++i) {
    const docupilot::StageStatus& status = document.stages[i];
    stages += fmt::format("{}{} {}", i == 0 ? "" : ", ", docupilot::to_string(static_cast<docupilot::Stage>(i)),
                          docupilot::to_string(status.state));
  }
  row("stages", stages);
  for (const docupilot::StageStatus& status : document.stages) {
    if (!status.error.empty()) row("failed", output.styled(escaped(status.error), "31"));
  }
  if (document.summary.empty()) return;
  output.line("");
  for (const std::string& line :
       wrapped(escaped_lines(document.summary), std::min<std::size_t>(output.out().width(), 100))) {
    output.line(line);
  }
}

}  // namespace

int run_list(const Session& session) {
  const ListArguments& arguments = session.arguments.list;
  Output& output = session.output;
  docupilot::DocumentQuery query;
  query.order = parse_order(arguments.order);
  if (!arguments.filter.empty()) {
    Result<docupilot::Filter> filter = docupilot::parse_filter(arguments.filter);
    if (!filter) return session.fail(filter.error());
    query.filter = *std::move(filter);
  }
  Result<docupilot::Client> client = session.open();
  if (!client) return session.fail(client.error());

  std::optional<Table> table;
  std::size_t shown = 0;
  do {
    query.limit = arguments.limit == 0 ? page_size : std::min(page_size, arguments.limit - shown);
    Result<docupilot::DocumentPage> page = client->documents(query, session.context());
    if (!page) return session.fail(page.error());
    if (output.out().is_terminal && !output.json() && !table && !page->documents.empty()) {
      table.emplace(output, page->documents);
      output.line(output.styled(table->header(), "1"));
    }
    for (const Document& document : page->documents) {
      if (output.json()) {
        output.line(docupilot::to_json(document));
      } else if (table) {
        output.line(table->row(document));
      } else {  // for other programs: every column whole, between tabs
        output.line(fmt::format("{}\t{}\t{}\t{}\t{}", document.id, escaped(document.name), document.size,
                                document.updated.to_string(), tags_of(document)));
      }
    }
    shown += page->documents.size();
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty() && (arguments.limit == 0 || shown < arguments.limit) && !output.broken_pipe());
  if (shown == 0 && !output.json()) {
    output.note(arguments.filter.empty() ? "there are no documents yet; docupilot ingest FILE takes one in"
                                         : "no document matches");
  }
  return exit_ok;
}

int run_show(const Session& session) {
  Result<docupilot::Client> client = session.open();
  if (!client) return session.fail(client.error());
  Result<Document> document = find_document(*client, session.arguments.show_id, session.context());
  if (!document) return session.fail(document.error());
  if (session.output.json()) session.output.line(docupilot::to_json(*document));
  else show_document(session, *document);
  return exit_ok;
}

int run_remove(const Session& session) {
  const RemoveArguments& arguments = session.arguments.remove;
  Output& output = session.output;
  Result<docupilot::Client> client = session.open();
  if (!client) return session.fail(client.error());
  std::size_t failed = 0;
  int first_code = exit_ok;
  for (const std::string& id : arguments.ids) {
    Result<Document> document = find_document(*client, id, session.context());
    Result<void> removed;
    if (!document) removed = document.error();
    else if (!arguments.dry_run) removed = client->remove(document->id, session.context());
    if (!removed) {
      if (output.json()) output.line(JsonLine().text("id", id).raw("error", error_json(removed.error())).str());
      const int code = session.fail(removed.error(), {}, false);
      if (code == exit_interrupted) return code;
      if (failed++ == 0) first_code = code;
      continue;
    }
    if (output.json()) {
      output.line(JsonLine()
                      .text("id", document->id)
                      .text("name", document->name)
                      .text("outcome", arguments.dry_run ? "would_remove" : "removed")
                      .str());
    } else if (!output.quiet()) {
      output.line(fmt::format("{}  {}  {}", arguments.dry_run ? "would remove" : "removed", document->id,
                              escaped(document->name)));
    }
  }
  return failed == 0 ? exit_ok : arguments.ids.size() == 1 ? first_code : exit_partial;
}

}  // namespace docupilot_command
