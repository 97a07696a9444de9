#include "search/index_writer.h"

#include <algorithm>
#include <limits>

#include "base/try.h"
#include "base/utf8.h"
#include "json/json_reader.h"
#include "json/tagged_value.h"
#include "search/document_key.h"
#include "search/match_expression.h"

namespace docupilot::inline v1::search {

namespace {

// The log is merged into the table of words when it has so many changes or rows: readers keep it in memory.
constexpr std::int64_t most_logged = 256 * 1024;
constexpr std::int64_t most_log_rows = 64;

Value tags_value(const std::vector<std::string>& tags) { return Value::List(tags.begin(), tags.end()); }

Result<std::vector<std::string>> tags_from(std::string_view text) {
  DOCUPILOT_TRY(const Value parsed, json::parse(text));
  std::vector<std::string> tags;
  if (const auto* list = parsed.get_if<Value::List>()) {
    for (const Value& tag : *list) {
      if (const auto* name = tag.get_if<std::string>()) tags.push_back(*name);
    }
  }
  return tags;
}

}  // namespace

Result<void> check_entry(const IndexEntry& entry) {
  const Document& document = entry.document;
  DOCUPILOT_CHECK(check_document_id(document.id));
  const auto wrong = [&](ErrorCode code, std::string_view message, std::string_view hint) {
    return Error(code, std::string(message)).target(document.id).hint(hint);
  };
  const bool is_text = is_utf8(entry.text) && is_utf8(document.title) && is_utf8(document.name) &&
                       is_utf8(document.content_type) && is_utf8(document.checksums.sha256) &&
                       std::ranges::all_of(document.tags, is_utf8);
  if (!is_text) return wrong(ErrorCode::invalid_argument, "the text is not UTF-8", "convert it to UTF-8 first");
  if (entry.text.size() > longest_text) {
    return wrong(ErrorCode::too_large, "the text is longer than 16 MiB", "index a part of it");
  }
  if (document.size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return wrong(ErrorCode::invalid_argument, "the size is no number of bytes", "give the size of the document");
  }
  return {};
}

Result<void> IndexWriter::begin() {
  DOCUPILOT_TRY(state_, read_state(connection_));
  ++state_.generation;
  return {};
}

IndexWriter::Change& IndexWriter::change_of(std::string_view word) {
  const auto there = changes_.find(word);
  return there != changes_.end() ? there->second : changes_.emplace(word, Change{}).first->second;
}

void IndexWriter::count(const Token& token, int sign) {
  Change& word = change_of(token.word);
  if (word.last_spelled != document_) {
    word.last_spelled = document_;
    word.spelled += sign;
  }
  Change& stem = token.stem == token.word ? word : change_of(token.stem);
  if (stem.last_stemmed != document_) {
    stem.last_stemmed = document_;
    stem.stemmed += sign;
  }
}

IndexWriter::Fields IndexWriter::analyze(const Document& document, std::string_view text, int sign) {
  ++document_;
  Fields fields;
  std::size_t content_words = 0;
  const auto read = [&](std::string_view from, std::string& to) {
    analyzer_.read(from, [&](const Token& token) {
      if (!to.empty()) to += ' ';
      to += token.stem;
      content_words += is_stop_word(token.word) ? 0 : 1;
      count(token, sign);
    });
  };
  read(document.title, fields.title);
  fields.title_words = content_words;
  read(document.name, fields.name);
  fields.tags += every_document;
  for (const std::string& tag : document.tags) read(tag, fields.tags);

  fields.body.reserve(text.size());
  fields.parts.push_back({});
  std::size_t last_offset = 0;
  analyzer_.read(text, [&](const Token& token) {
    const bool is_full = fields.body_tokens >= fields.parts.back().first_token + tokens_per_part;
    if (is_full && token.offset > last_offset) fields.parts.push_back({token.offset, fields.body_tokens});
    last_offset = token.offset;
    if (!fields.body.empty()) fields.body += ' ';
    fields.body += token.stem;
    ++fields.body_tokens;
    count(token, sign);
  });
  return fields;
}

Result<void> IndexWriter::put(const IndexEntry& entry) {
  const Document& document = entry.document;
  DOCUPILOT_CHECK(remove(document.id));
  const Fields fields = analyze(document, entry.text, 1);
  const DocumentKey key(state_.next_number++, fields.title_words, fields.body_tokens);
  DOCUPILOT_CHECK(insert_document(document, key.value()));
  DOCUPILOT_CHECK(insert_text(entry.text, fields.parts, key.number()));
  ++state_.documents;
  state_.tokens += static_cast<std::int64_t>(fields.body_tokens);
  return change_full_text(
      "INSERT INTO docupilot_search_fts(title, name, tags, body, rowid) VALUES (?1, ?2, ?3, ?4, ?5)", key.value(),
      fields);
}

Result<void> IndexWriter::insert_document(const Document& document, std::int64_t key) {
  DOCUPILOT_TRY(auto row, connection_.prepare("INSERT INTO docupilot_search_document VALUES "
                                              "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"));
  row.bind(1, key).bind(2, document.id).bind(3, document.title).bind(4, document.name);
  row.bind(5, static_cast<std::int64_t>(document.size)).bind(6, document.content_type);
  row.bind(7, document.checksums.sha256).bind(8, document.created.microseconds).bind(9, document.updated.microseconds);
  row.bind(10, document.tags.empty() ? "[]" : json::to_tagged(tags_value(document.tags)));
  row.bind(11, document.attributes.empty() ? "{}" : json::to_tagged(Value(document.attributes)));
  return row.run(context_);
}

Result<void> IndexWriter::insert_text(std::string_view text, const std::vector<Part>& parts, std::int64_t number) {
  if (text.empty()) return {};
  DOCUPILOT_TRY(auto row, connection_.prepare("INSERT INTO docupilot_search_text VALUES (?1, ?2, ?3)"));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t end = i + 1 < parts.size() ? parts[i + 1].begin : text.size();
    row.bind(1, first_part(number) + static_cast<std::int64_t>(i));
    row.bind(2, static_cast<std::int64_t>(parts[i].first_token));
    row.bind(3, text.substr(parts[i].begin, end - parts[i].begin));
    DOCUPILOT_CHECK(row.run(context_));
  }
  return {};
}

Result<void> IndexWriter::change_full_text(std::string_view sql, std::int64_t key, const Fields& fields) {
  DOCUPILOT_TRY(auto row, connection_.prepare(sql));
  row.bind(1, fields.title).bind(2, fields.name).bind(3, fields.tags).bind(4, fields.body).bind(5, key);
  return row.run(context_);
}

Result<void> IndexWriter::remove(const std::string& id) {
  DOCUPILOT_TRY(auto row,
                connection_.prepare("SELECT key, title, name, tags FROM docupilot_search_document WHERE id=?1"));
  row.bind(1, id);
  DOCUPILOT_TRY(const bool is_there, row.step(context_));
  if (!is_there) return {};
  const DocumentKey key(row.integer(0));
  Document old;
  old.title = row.text(1);
  old.name = row.text(2);
  DOCUPILOT_TRY(old.tags, tags_from(row.text(3)));
  row.reset();

  std::string text;
  DOCUPILOT_TRY(auto parts, connection_.prepare("SELECT body FROM docupilot_search_text WHERE part>=?1 AND part<?2"));
  parts.bind(1, first_part(key.number())).bind(2, first_part(key.number() + 1));
  for (;;) {
    DOCUPILOT_TRY(const bool more, parts.step(context_));
    if (!more) break;
    text += parts.text(0);
  }
  parts.reset();
  // The full text table keeps no text of its own, so that it must be told again what it has of the document.
  const Fields fields = analyze(old, text, -1);
  DOCUPILOT_CHECK(
      change_full_text("INSERT INTO docupilot_search_fts(docupilot_search_fts, title, name, tags, body, rowid)"
                       " VALUES ('delete', ?1, ?2, ?3, ?4, ?5)",
                       key.value(), fields));
  DOCUPILOT_TRY(auto no_text, connection_.prepare("DELETE FROM docupilot_search_text WHERE part>=?1 AND part<?2"));
  no_text.bind(1, first_part(key.number())).bind(2, first_part(key.number() + 1));
  DOCUPILOT_CHECK(no_text.run(context_));
  DOCUPILOT_TRY(auto no_document, connection_.prepare("DELETE FROM docupilot_search_document WHERE key=?1"));
  DOCUPILOT_CHECK(no_document.bind(1, key.value()).run(context_));
  --state_.documents;
  state_.tokens -= static_cast<std::int64_t>(fields.body_tokens);
  return {};
}

// Writes what has changed as one row: to change the table of words costs as much as all the rest, and most of its rows
// change with every group of documents.
Result<void> IndexWriter::log_words() {
  std::string log;
  std::int64_t count = 0;
  for (const auto& [word, change] : changes_) {
    if (change.spelled == 0 && change.stemmed == 0) continue;
    append_change(log, word, change);
    ++count;
  }
  DOCUPILOT_TRY(auto row, connection_.prepare("INSERT INTO docupilot_search_word_log VALUES (?1, ?2)"));
  DOCUPILOT_CHECK(row.bind(1, state_.generation).bind_bytes(2, as_bytes(log)).run(context_));
  state_.logged += count;
  const bool is_long = state_.logged > most_logged || state_.generation - state_.merged >= most_log_rows;
  return is_long ? merge_words() : Result<void>();
}

Result<void> IndexWriter::merge_words() {
  WordMap<WordChange> changes;
  DOCUPILOT_TRY(auto rows, connection_.prepare("SELECT changes FROM docupilot_search_word_log"));
  for (;;) {
    DOCUPILOT_TRY(const bool more, rows.step(context_));
    if (!more) break;
    DOCUPILOT_CHECK(read_changes(rows.text(0), [&](std::string_view word, const WordChange& by) {
      const auto there = changes.find(word);
      WordChange& change = there != changes.end() ? there->second : changes[std::string(word)];
      change.spelled += by.spelled;
      change.stemmed += by.stemmed;
    }));
  }
  rows.reset();
  // In the order of the table, so that neighbours are changed together.
  std::vector<const decltype(changes)::value_type*> sorted;
  sorted.reserve(changes.size());
  for (const auto& change : changes) sorted.push_back(&change);
  std::ranges::sort(sorted, {}, [](const auto* change) { return std::string_view(change->first); });
  DOCUPILOT_TRY(auto add, connection_.prepare("INSERT INTO docupilot_search_word VALUES (?1, ?2, ?3, ?4) "
                                              "ON CONFLICT(word) DO UPDATE SET spelled = spelled + excluded.spelled, "
                                              "stemmed = stemmed + excluded.stemmed"));
  DOCUPILOT_TRY(auto purge, connection_.prepare("DELETE FROM docupilot_search_word "
                                                "WHERE word=?1 AND spelled<=0 AND stemmed<=0"));
  for (const auto* change : sorted) {
    const auto& [word, by] = *change;
    if (by.spelled == 0 && by.stemmed == 0) continue;
    add.bind(1, word).bind(2, by.spelled).bind(3, by.stemmed).bind(4, state_.generation);
    DOCUPILOT_CHECK(add.run(context_));
    if (by.spelled < 0 || by.stemmed < 0) DOCUPILOT_CHECK(purge.bind(1, word).run(context_));
  }
  state_.logged = 0;
  state_.merged = state_.generation;
  return connection_.execute("DELETE FROM docupilot_search_word_log", context_);
}

Result<void> IndexWriter::finish() {
  DOCUPILOT_CHECK(log_words());
  return write_state(connection_, state_);
}

}  // namespace docupilot::inline v1::search
