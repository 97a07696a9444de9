#pragma once

#include "conformance/metadata_suite.h"

// What documents a metadata store takes: each limit on both sides. A part of metadata_suite_all.h.
namespace docupilot_test {

/// What putting the document says; when it fails, nothing may have been written.
inline std::optional<ErrorCode> put_code(MetadataStore& store, const Document& document) {
  const auto written = store.put(document);
  if (written) {
    CHECK(same(document, store.get(document.id).value()));
    return std::nullopt;
  }
  CHECK(store.put_many({&document, 1}).error().code() == written.error().code());
  CHECK(store.count(field("title") == document.title).value() == 0);
  return code_of(written);
}

TEST_CASE_TEMPLATE_DEFINE("ids have 1 to 128 safe characters", Backend, metadata_ids) {
  Backend backend;
  const auto store = backend.open();
  for (const std::string& id : {std::string("a"), std::string(128, 'Z'), std::string("0_-")}) {
    CHECK(put_code(*store, document_of(id)) == std::nullopt);
  }
  for (const std::string& id : {std::string(), std::string(129, 'Z'), std::string("-a"), std::string("a b"),
                                std::string("a/b"), std::string("a\0", 2), std::string("\xc3\xa4")}) {
    CHECK(code_of(store->put(document_of(id))) == ErrorCode::invalid_argument);
    CHECK(code_of(store->get(id)) == ErrorCode::invalid_argument);
    CHECK(code_of(store->patch(id, {}, {1})) == ErrorCode::invalid_argument);
    CHECK(code_of(store->remove(id)) == ErrorCode::invalid_argument);
  }
  CHECK(store->count().value() == 3);
}

TEST_CASE_TEMPLATE_DEFINE("text is UTF-8 without NUL, in every member", Backend, metadata_text) {
  Backend backend;
  const auto store = backend.open();
  const std::vector<std::function<void(Document&, std::string)>> members = {
      [](Document& d, std::string v) { d.title = std::move(v); },
      [](Document& d, std::string v) { d.name = std::move(v); },
      [](Document& d, std::string v) { d.object.store = std::move(v); },
      [](Document& d, std::string v) { d.object.key = std::move(v); },
      [](Document& d, std::string v) { d.object.version = std::move(v); },
      [](Document& d, std::string v) { d.object.etag = std::move(v); },
      [](Document& d, std::string v) { d.content_type = std::move(v); },
      [](Document& d, std::string v) { d.checksums.sha256 = std::move(v); },
      [](Document& d, std::string v) { d.checksums.crc32c = std::move(v); },
      [](Document& d, std::string v) { d.checksums.crc64nvme = std::move(v); },
      [](Document& d, std::string v) { d.checksums.md5 = std::move(v); },
      [](Document& d, std::string v) { d.summary = std::move(v); },
      [](Document& d, std::string v) { d.stage(Stage::summary).error = std::move(v); },
      [](Document& d, std::string v) { d.attributes["a"] = std::move(v); },
      [](Document& d, std::string v) { d.attributes["a"] = Value::List{Value::Map{{"b", std::move(v)}}}; },
  };
  for (const auto& set : members) {
    Document d = document_of("d");
    set(d, "\xf0\x9f\x93\x84 \x01\x7f");
    CHECK(put_code(*store, d) == std::nullopt);
    store->remove("d").value();
    for (const std::string& bad : {std::string("\xff"), std::string("a\xc3"), std::string("\xed\xa0\x80"),
                                   std::string("\xc0\x80"), std::string("a\0b", 3)}) {
      set(d, bad);
      CHECK(code_of(store->put(d)) == ErrorCode::invalid_argument);
    }
  }
  CHECK(store->count().value() == 0);
}

TEST_CASE_TEMPLATE_DEFINE("tags have 1 to 256 bytes, no controls and no duplicates", Backend, metadata_tags) {
  Backend backend;
  const auto store = backend.open();
  const auto code = [&](std::vector<std::string> tags) {
    Document d = document_of("d");
    d.title = "t";
    d.tags = std::move(tags);
    store->remove("d").value();
    return put_code(*store, d);
  };
  CHECK(code({"a", "A", "\xc3\xa4", "a b", "it's \"quoted\" \\", std::string(256, 'x')}) == std::nullopt);
  CHECK(code({std::string(257, 'x')}) == ErrorCode::invalid_argument);
  CHECK(code({""}) == ErrorCode::invalid_argument);
  CHECK(code({"a\n"}) == ErrorCode::invalid_argument);
  CHECK(code({"a\x7f"}) == ErrorCode::invalid_argument);
  CHECK(code({"\xff"}) == ErrorCode::invalid_argument);
  CHECK(code({"a", "b", "a"}) == ErrorCode::invalid_argument);
}

TEST_CASE_TEMPLATE_DEFINE("attributes are named so that filters can name them", Backend, metadata_attribute_names) {
  Backend backend;
  const auto store = backend.open();
  for (const std::string& name : {std::string("a"), std::string(128, 'x'), std::string("a$"), std::string("it's"),
                                  std::string("q\"\\ [0]"), std::string("\xf0\x9f\x93\x84"), std::string("null")}) {
    Document d = document_of("d");
    d.attributes = {{name, Value::Map{{name, 5}}}};
    CHECK(put_code(*store, d) == std::nullopt);
    std::string path("attributes.");
    path.append(name).append(".").append(name);
    CHECK(store->count(field(path) == 5).value() == 1);
  }
  store->remove("d").value();
  for (const std::string& name : {std::string(), std::string(129, 'x'), std::string("$a"), std::string("a.b"),
                                  std::string("a\n"), std::string("a\0", 2), std::string("\xff")}) {
    Document d = document_of("d");
    d.title = "t";
    d.attributes = {{name, 5}};
    CHECK(put_code(*store, d) == ErrorCode::invalid_argument);
    d.attributes = {{"a", Value::List{Value::Map{{name, 5}}}}};
    CHECK(put_code(*store, d) == ErrorCode::invalid_argument);
  }
}

TEST_CASE_TEMPLATE_DEFINE("attributes are nested at most 32 deep", Backend, metadata_attribute_depth) {
  Backend backend;
  const auto store = backend.open();
  const auto nested = [](int depth, bool lists) {
    Document d = document_of(lists ? "lists" : "maps");
    d.title = "t";
    Value value = 5;
    for (int i = 0; i < depth; ++i) value = lists ? Value(Value::List{value}) : Value(Value::Map{{"a", value}});
    d.attributes["a"] = std::move(value);
    return d;
  };
  for (const bool lists : {false, true}) {
    CHECK(put_code(*store, nested(33, lists)) == ErrorCode::invalid_argument);
    CHECK(put_code(*store, nested(32, lists)) == std::nullopt);
    store->remove(lists ? "lists" : "maps").value();
  }
}

TEST_CASE_TEMPLATE_DEFINE("attributes have at most 1 MiB", Backend, metadata_attribute_size) {
  Backend backend;
  const auto store = backend.open();
  Document d = document_of("d");
  d.title = "t";
  constexpr std::size_t most = 1U << 20U;
  d.attributes = {{"a", std::string(most - 1, 'x')}};
  CHECK(put_code(*store, d) == std::nullopt);
  store->remove("d").value();
  d.attributes = {{"a", std::string(most, 'x')}};
  CHECK(put_code(*store, d) == ErrorCode::too_large);
  d.attributes = {{"a", Value::Bytes(most, std::byte{1})}};
  CHECK(put_code(*store, d) == ErrorCode::too_large);
  d.attributes = {{"a", Value::List(most / 8, Value())}};
  CHECK(put_code(*store, d) == ErrorCode::too_large);
  d.attributes = {{"a", Value::List(most / 8 - 2, Value())}};
  CHECK(put_code(*store, d) == std::nullopt);
}

TEST_CASE_TEMPLATE_DEFINE("sizes are below 2^63 and times from 1970 to 9999", Backend, metadata_ranges) {
  Backend backend;
  const auto store = backend.open();
  Document d = document_of("d");
  d.title = "t";
  d.size = std::uint64_t{INT64_MAX} + 1;
  CHECK(put_code(*store, d) == ErrorCode::invalid_argument);
  d.size = INT64_MAX;
  constexpr std::int64_t last = 253'402'300'799'999'999;
  for (Timestamp Document::* member : {&Document::created, &Document::updated}) {
    for (const std::int64_t bad : {std::int64_t{-1}, last + 1, INT64_MAX, INT64_MIN}) {
      d.*member = {bad};
      CHECK(put_code(*store, d) == ErrorCode::invalid_argument);
    }
    d.*member = {last};
  }
  CHECK(put_code(*store, d) == std::nullopt);
  CHECK(store->count(field("size") == INT64_MAX).value() == 1);
}

TEST_CASE_TEMPLATE_DEFINE("large text is kept whole", Backend, metadata_large_text) {
  Backend backend;
  const auto store = backend.open();
  Document d = document_of("d");
  d.summary = std::string(3 << 20, 's');
  d.title = std::string(100'000, 't');
  for (int i = 0; i < 500; ++i) d.tags.push_back(numbered("tag ", static_cast<std::size_t>(i)));
  CHECK(put_code(*store, d) == std::nullopt);
  CHECK(store->count(field("summary") == d.summary).value() == 1);
}

}  // namespace docupilot_test
