#pragma once

#include <atomic>
#include <barrier>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <docupilot/store/object_store.h>

#include "support/object_calls.h"
#include "support/scripted_streams.h"

// What every ObjectStore does alike. A backend runs it with a builder type:
//
//     struct FolderBuilder {
//       static constexpr const char* name = "folder";
//       static std::unique_ptr<docupilot::ObjectStore> make();  // a fresh, empty store; null: not to be had here
//     };
//     TYPE_TO_STRING(FolderBuilder);
//     DOCUPILOT_OBJECT_STORE_SUITE(FolderBuilder, ...)
//
// Include object_store_suite_all.h for that macro. Each SUBCASE gets a store of its own.

namespace docupilot_test {

using namespace docupilot;  // NOLINT(google-build-using-namespace): the suite speaks of nothing else

inline std::vector<std::string> keys_of(const ObjectPage& page) {
  std::vector<std::string> keys;
  for (const auto& object : page.objects) keys.push_back(object.key);
  return keys;
}

/// All pages; keys and prefixes in the order they came.
inline std::pair<std::vector<std::string>, std::vector<std::string>> list_all(ObjectStore& store, ListOptions options) {
  std::pair<std::vector<std::string>, std::vector<std::string>> all;
  for (int pages = 0; pages < 10'000; ++pages) {
    const auto page = store.list(options);
    REQUIRE_MESSAGE(page, page.error().to_string());
    REQUIRE(page->objects.size() + page->prefixes.size() <= options.limit);
    for (const auto& key : keys_of(*page)) all.first.push_back(key);
    all.second.insert(all.second.end(), page->prefixes.begin(), page->prefixes.end());
    if (page->next_page_token.empty()) return all;
    options.page_token = page->next_page_token;
  }
  FAIL("the pages never end");
  return all;
}

/// Runs `work(i)` in so many threads that start at once.
template <class Work>
void in_threads(int count, const Work& work) {
  std::barrier start(count);
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      work(i);
    });
  }
}

// A store or a loud skip, then whether it can do something.
#define DOCUPILOT_STORE(Builder)                                            \
  const auto store_owner = Builder::make();                                 \
  if (!store_owner) {                                                       \
    MESSAGE("SKIPPED: " << std::string(Builder::name) << " cannot be had"); \
    return;                                                                 \
  }                                                                         \
  ObjectStore& store = *store_owner;                                        \
  INFO("store: " << std::string(Builder::name))

TEST_CASE_TEMPLATE_DEFINE("object store: objects", Builder, object_store_objects) {
  DOCUPILOT_STORE(Builder);

  SUBCASE("what is put comes back, with what the store says of it") {
    const auto put = put_text(store, "a.txt", "hello");
    REQUIRE_MESSAGE(put, put.error().to_string());
    CHECK(put->key == "a.txt");
    CHECK(put->size == 5);
    CHECK_FALSE(put->etag.empty());
    CHECK(put->etag.find('"') == std::string::npos);
    CHECK(text_of(store, "a.txt") == "hello");
    const auto head = store.head("a.txt");
    REQUIRE(head);
    CHECK(head->key == "a.txt");
    CHECK(head->size == 5);
    CHECK(head->etag == put->etag);
    CHECK(std::abs(head->modified.microseconds - Timestamp::now().microseconds) < 120'000'000);
    MemoryWriter into;
    const auto got = store.get("a.txt", into);
    REQUIRE(got);
    CHECK(got->etag == put->etag);
    CHECK(got->size == 5);
  }
  SUBCASE("an empty object is an object") {
    REQUIRE(put_text(store, "empty", ""));
    const auto head = store.head("empty");
    REQUIRE(head);
    CHECK(head->size == 0);
    CHECK(text_of(store, "empty").empty());
    CHECK(keys_of(store.list().value()) == std::vector<std::string>{"empty"});
  }
  SUBCASE("bodies on both sides of every block size come back byte by byte") {
    constexpr std::size_t kib = 1024;
    for (const std::size_t size : {std::size_t{1}, 255 * kib, 256 * kib - 1, 256 * kib, 256 * kib + 1, 1024 * kib - 1,
                                   1024 * kib, 1024 * kib + 1}) {
      CAPTURE(size);
      const std::string text = pattern(size);
      REQUIRE(put_text(store, "sized", text));
      CHECK(text_of(store, "sized") == text);
      ScriptedReader unknown(text);
      const auto put = store.put("unsized", unknown);
      REQUIRE_MESSAGE(put, put.error().to_string());
      CHECK(put->size == size);
      CHECK(text_of(store, "unsized") == text);
    }
  }
  SUBCASE("a reader that gives a byte at a time is read to its end") {
    ScriptedReader slow(pattern(300));
    slow.piece = 1;
    REQUIRE(store.put("slow", slow));
    CHECK(text_of(store, "slow") == pattern(300));
  }
  SUBCASE("a put replaces, and the etag changes with the bytes") {
    const auto first = put_text(store, "k", "one").value();
    const auto second = put_text(store, "k", "two").value();
    CHECK(first.etag != second.etag);
    CHECK(text_of(store, "k") == "two");
    CHECK(store.head("k")->etag == second.etag);
    CHECK(keys_of(store.list().value()).size() == 1);
  }
  SUBCASE("what was never put is not found") {
    CHECK(code_of(store.head("absent")) == "not_found");
    CHECK(text_of(store, "absent") == "[not_found]");
    CHECK(text_of(store, "absent/too") == "[not_found]");
    CHECK(code_of(store.copy("absent", "elsewhere")) == "not_found");
    CHECK(code_of(store.head("elsewhere")) == "not_found");
    const auto missing = store.head("absent");
    CHECK(missing.error().operation() == "head");
    CHECK(missing.error().backend() == store.scheme());
    CHECK(missing.error().target() == "absent");
    CHECK_FALSE(missing.error().hint().empty());
  }
  SUBCASE("removing takes the object away, and removing nothing is no error") {
    REQUIRE(put_text(store, "a/b", "1"));
    REQUIRE(put_text(store, "a/c", "2"));
    CHECK(store.remove("a/b"));
    CHECK(text_of(store, "a/b") == "[not_found]");
    CHECK(text_of(store, "a/c") == "2");
    CHECK(store.remove("a/b"));
    CHECK(store.remove("never/was/there"));
    CHECK(store.remove("a/c"));
    CHECK(list_all(store, {.delimiter = "/"}) == std::pair<std::vector<std::string>, std::vector<std::string>>());
    REQUIRE(put_text(store, "a/b", "again"));
    CHECK(text_of(store, "a/b") == "again");
  }
  SUBCASE("a copy has the same bytes and lives on its own") {
    REQUIRE(put_text(store, "from", pattern(700'000)));
    const auto copied = store.copy("from", "to/here");
    REQUIRE_MESSAGE(copied, copied.error().to_string());
    CHECK(copied->key == "to/here");
    CHECK(copied->size == 700'000);
    REQUIRE(put_text(store, "from", "changed"));
    CHECK(text_of(store, "to/here") == pattern(700'000));
    CHECK(store.head("to/here")->etag == copied->etag);
    REQUIRE(store.copy("from", "to/here"));
    CHECK(text_of(store, "to/here") == "changed");
    REQUIRE(store.copy("from", "from"));
    CHECK(text_of(store, "from") == "changed");
  }
  SUBCASE("content type and attributes come back, through put, copy and replacing") {
    if (!store.capabilities().attributes) return;
    const std::map<std::string, std::string> attributes = {{"author", "Ada \"the first\" Lovelace"}, {"x-n", ""}};
    const auto put = put_text(store, "k", "1", {.content_type = "text/plain", .attributes = attributes});
    REQUIRE(put);
    CHECK(put->content_type == "text/plain");
    CHECK(put->attributes == attributes);
    for (const auto& info : {store.head("k"), store.copy("k", "copied"), store.head("copied")}) {
      REQUIRE(info);
      CHECK(info->content_type == "text/plain");
      CHECK(info->attributes == attributes);
    }
    REQUIRE(put_text(store, "k", "2", {.attributes = {{"Upper-Case", "v"}}}));
    CHECK(store.head("k")->attributes == std::map<std::string, std::string>{{"upper-case", "v"}});
    CHECK(store.head("k")->content_type != "text/plain");
    REQUIRE(put_text(store, "k", "3"));
    CHECK(store.head("k")->attributes.empty());
    REQUIRE(store.remove("copied"));
    REQUIRE(put_text(store, "copied", "fresh"));
    CHECK(store.head("copied")->attributes.empty());
  }
  SUBCASE("attributes are kept up to 2 KiB, refused above, and refused when they are no plain text") {
    if (!store.capabilities().attributes) return;
    const auto with = [&](const std::string& name, const std::string& value) {
      return put_text(store, "k", "1", {.attributes = {{name, value}}});
    };
    const std::size_t room = 2047 - store.capabilities().attribute_cost;
    const auto full = with("a", std::string(room, 'v'));
    REQUIRE_MESSAGE(full, full.error().to_string());
    CHECK(store.head("k")->attributes.at("a").size() == room);
    CHECK(code_of(with("a", std::string(room + 1, 'v'))) == "too_large");
    CHECK(code_of(with("a", "line\nbreak")) == "invalid_argument");
    CHECK(code_of(with("a", "\xff")) == "invalid_argument");
    CHECK(code_of(with("a b", "v")) == "invalid_argument");
    CHECK(code_of(with("", "v")) == "invalid_argument");
    CHECK(code_of(put_text(store, "k", "1", {.attributes = {{"a", "1"}, {"A", "2"}}})) == "invalid_argument");
    CHECK(code_of(put_text(store, "k", "1", {.content_type = "text/html\r\nx: y"})) == "invalid_argument");
    CHECK(store.head("k")->attributes.at("a").size() == room);
  }
}

TEST_CASE_TEMPLATE_DEFINE("object store: broken transfers", Builder, object_store_transfers) {
  DOCUPILOT_STORE(Builder);
  REQUIRE(put_text(store, "k", "old"));

  SUBCASE("a reader that fails leaves the old object, and its error comes back unchanged") {
    ScriptedReader body(pattern(600'000));
    body.fails = Error(ErrorCode::conflict, "the test's reader fails").operation("sing").target("song");
    const auto put = store.put("k", body);
    REQUIRE_FALSE(put);
    CHECK(put.error().code() == ErrorCode::conflict);
    CHECK(put.error().message() == "the test's reader fails");
    CHECK(text_of(store, "k") == "old");
    ScriptedReader other("");
    other.fails = body.fails;
    CHECK_FALSE(store.put("fresh", other));
    CHECK(code_of(store.head("fresh")) == "not_found");
  }
  SUBCASE("a reader that ends before or goes on behind the size it said is corrupted") {
    for (const std::uint64_t said : {0U, 1U, 299'999U, 300'001U, 1'000'000U}) {
      CAPTURE(said);
      ScriptedReader body(pattern(300'000));
      body.says = said;
      CHECK(code_of(store.put("k", body)) == "corrupted");
      CHECK(text_of(store, "k") == "old");
    }
    ScriptedReader huge("x");
    huge.says = UINT64_MAX;
    CHECK_FALSE(store.put("k", huge));
    ScriptedReader honest(pattern(300'000));
    honest.says = 300'000;
    CHECK(store.put("k", honest));
  }
  SUBCASE("a stop in the middle of a put ends it and leaves the old object") {
    std::stop_source stop;
    ScriptedReader body(pattern(2'000'000));
    body.on_read = [&](std::size_t so_far) {
      if (so_far > 1'000'000) stop.request_stop();
    };
    CHECK(code_of(store.put("k", body, {}, {.deadline = {}, .stop = stop.get_token()})) == "cancelled");
    CHECK(text_of(store, "k") == "old");
  }
  SUBCASE("a call whose deadline has passed or that is stopped does nothing") {
    std::stop_source stop;
    stop.request_stop();
    const Context stopped{.deadline = {}, .stop = stop.get_token()};
    const Context late{.deadline = Deadline::after(Duration(0)), .stop = {}};
    for (const auto& [context, code] : {std::pair(&stopped, "cancelled"), std::pair(&late, "timeout")}) {
      MemoryReader body(as_bytes("new"));
      MemoryWriter into;
      CHECK(code_of(store.put("k", body, {}, *context)) == code);
      CHECK(code_of(store.get("k", into, {}, *context)) == code);
      CHECK(code_of(store.head("k", *context)) == code);
      CHECK(code_of(store.list({}, *context)) == code);
      CHECK(code_of(store.remove("k", *context)) == code);
      CHECK(code_of(store.copy("k", "k2", *context)) == code);
      CHECK(into.text().empty());
    }
    CHECK(text_of(store, "k") == "old");
    CHECK(code_of(store.head("k2")) == "not_found");
  }
  SUBCASE("a stop in the middle of a get ends it") {
    REQUIRE(put_text(store, "big", pattern(2'000'000)));
    std::stop_source stop;
    ScriptedWriter into;
    into.on_write = [&](std::uint64_t) { stop.request_stop(); };
    CHECK(code_of(store.get("big", into, {}, {.deadline = {}, .stop = stop.get_token()})) == "cancelled");
    CHECK(into.taken < 2'000'000);
  }
  SUBCASE("the writer's error ends a get and comes back unchanged") {
    REQUIRE(put_text(store, "big", pattern(1'000'000)));
    ScriptedWriter into;
    into.room = 300'000;
    into.fails = Error(ErrorCode::exhausted, "the test's disk is full").operation("save").backend("test").hint("buy");
    const auto got = store.get("big", into);
    REQUIRE_FALSE(got);
    CHECK(got.error().to_string() == into.fails.to_string());
    CHECK(into.taken < 1'000'000);
  }
  SUBCASE("readers see a whole old or a whole new object while it is replaced") {
    const std::string texts[] = {pattern(300'000, 1), pattern(400'000, 2)};
    REQUIRE(put_text(store, "k", texts[0]));
    std::atomic<int> wrong = 0;
    in_threads(3, [&](int thread) {
      for (int i = 0; i < 15; ++i) {
        if (thread == 0) {
          if (!put_text(store, "k", texts[i % 2])) ++wrong;
        } else {
          const std::string text = text_of(store, "k");
          if (text != texts[0] && text != texts[1]) ++wrong;
        }
      }
    });
    CHECK(wrong == 0);
  }
}

TEST_CASE_TEMPLATE_DEFINE("object store: ranges", Builder, object_store_ranges) {
  DOCUPILOT_STORE(Builder);
  const std::string text = pattern(600'000);
  const auto put = put_text(store, "k", text);
  REQUIRE(put);
  const auto range = [&](std::uint64_t offset, std::optional<std::uint64_t> length) {
    return text_of(store, "k", {.offset = offset, .length = length, .if_match = {}});
  };

  SUBCASE("a range is what was asked for, cut at the end of the object") {
    CHECK(range(0, 1) == text.substr(0, 1));
    CHECK(range(1, 262'144) == text.substr(1, 262'144));
    CHECK(range(262'143, 2) == text.substr(262'143, 2));
    CHECK(range(100, std::nullopt) == text.substr(100));
    CHECK(range(599'999, 1) == text.substr(599'999));
    CHECK(range(599'999, 2) == text.substr(599'999));
    CHECK(range(599'999, UINT64_MAX) == text.substr(599'999));
    CHECK(range(0, 0).empty());
    CHECK(range(5, 0).empty());
  }
  SUBCASE("a range that begins at the end is empty, one behind it is refused") {
    CHECK(range(600'000, std::nullopt).empty());
    CHECK(range(600'000, 10).empty());
    CHECK(range(600'001, std::nullopt) == "[invalid_argument]");
    CHECK(range(600'001, 0) == "[invalid_argument]");
    CHECK(range(UINT64_MAX, UINT64_MAX) == "[invalid_argument]");
    REQUIRE(put_text(store, "empty", ""));
    CHECK(text_of(store, "empty", {.offset = 1, .length = {}, .if_match = {}}) == "[invalid_argument]");
    CHECK(text_of(store, "empty", {.offset = 0, .length = 10, .if_match = {}}).empty());
  }
  SUBCASE("a range says the size of the whole object") {
    MemoryWriter into;
    const auto got = store.get("k", into, {.offset = 10, .length = 5, .if_match = {}});
    REQUIRE(got);
    CHECK(got->size == 600'000);
    CHECK(into.text().size() == 5);
  }
  SUBCASE("if_match of a get lets only this etag through") {
    CHECK(text_of(store, "k", {.offset = 0, .length = 3, .if_match = put->etag}) == text.substr(0, 3));
    REQUIRE(put_text(store, "k", "new"));
    CHECK(text_of(store, "k", {.offset = 0, .length = 3, .if_match = put->etag}) == "[precondition_failed]");
    CHECK(text_of(store, "none", {.offset = 0, .length = 3, .if_match = put->etag}) == "[not_found]");
  }
}

TEST_CASE_TEMPLATE_DEFINE("object store: conditions", Builder, object_store_conditions) {
  DOCUPILOT_STORE(Builder);
  if (!store.capabilities().conditional_put) return;

  SUBCASE("if_absent puts what is not there and replaces nothing") {
    CHECK(put_text(store, "k", "1", {.if_absent = true}));
    CHECK(code_of(put_text(store, "k", "2", {.if_absent = true})) == "already_exists");
    CHECK(text_of(store, "k") == "1");
    REQUIRE(store.remove("k"));
    CHECK(put_text(store, "k", "3", {.if_absent = true}));
    CHECK(text_of(store, "k") == "3");
  }
  SUBCASE("if_match replaces only the etag that was seen") {
    const auto first = put_text(store, "k", "1").value();
    const auto second = put_text(store, "k", "2", {.if_match = first.etag});
    REQUIRE(second);
    CHECK(code_of(put_text(store, "k", "3", {.if_match = first.etag})) == "precondition_failed");
    CHECK(text_of(store, "k") == "2");
    CHECK(code_of(put_text(store, "none", "3", {.if_match = second->etag})) == "precondition_failed");
    CHECK(code_of(store.head("none")) == "not_found");
  }
  SUBCASE("both conditions at once are refused") {
    CHECK(code_of(put_text(store, "k", "1", {.if_absent = true, .if_match = "x"})) == "invalid_argument");
  }
  SUBCASE("of 16 threads that put if_absent, exactly one wins") {
    std::atomic<int> won = 0;
    std::atomic<int> other = 0;
    std::string winner;
    in_threads(16, [&](int i) {
      const std::string text = pattern(1000, static_cast<unsigned>(i));
      const auto put = put_text(store, "race/k", text, {.if_absent = true});
      if (put && ++won == 1) winner = text;
      if (!put && put.error().code() != ErrorCode::already_exists) ++other;
    });
    CHECK(won == 1);
    CHECK(other == 0);
    CHECK(text_of(store, "race/k") == winner);
  }
  SUBCASE("eight threads that count with if_match lose no step") {
    REQUIRE(put_text(store, "count", "0"));
    std::atomic<int> failed = 0;
    in_threads(8, [&](int) {
      for (int done = 0; done < 5;) {
        MemoryWriter into;
        const auto got = store.get("count", into);
        if (!got) {
          ++failed;
          return;
        }
        const auto put = put_text(store, "count", std::to_string(std::stoi(into.text()) + 1), {.if_match = got->etag});
        if (put) ++done;
        else if (put.error().code() != ErrorCode::precondition_failed) {
          ++failed;
          return;
        }
      }
    });
    CHECK(failed == 0);
    CHECK(text_of(store, "count") == "40");
  }
}

TEST_CASE_TEMPLATE_DEFINE("object store: durability and threads", Builder, object_store_durability) {
  DOCUPILOT_STORE(Builder);
  const PutOptions later = {.durability = Durability::on_flush};

  SUBCASE("what was put on_flush is there after the flush") {
    for (int i = 0; i < 20; ++i) {
      const auto put = put_text(store, "f/" + std::to_string(i), std::to_string(i), later);
      REQUIRE(put);
      CHECK(put->size == std::to_string(i).size());
    }
    REQUIRE(store.flush());
    for (int i = 0; i < 20; ++i) CHECK(text_of(store, "f/" + std::to_string(i)) == std::to_string(i));
    CHECK(list_all(store, {.prefix = "f/"}).first.size() == 20);
    CHECK(store.flush());
  }
  SUBCASE("the info that a put on_flush returned is true after the flush") {
    const auto put = put_text(store, "k", "v", {.content_type = "text/plain", .durability = Durability::on_flush});
    REQUIRE(put);
    REQUIRE(store.flush());
    CHECK(store.head("k")->etag == put->etag);
    // Over HTTP a put is told the time of the reply alone, in whole seconds.
    CHECK(std::abs(store.head("k")->modified.microseconds - put->modified.microseconds) <= 2'000'000);
  }
  SUBCASE("the last of several puts of a key wins, however they are made durable") {
    REQUIRE(put_text(store, "a", "1", later));
    REQUIRE(put_text(store, "a", "2", later));
    REQUIRE(put_text(store, "b", "1", later));
    REQUIRE(put_text(store, "b", "2"));
    REQUIRE(put_text(store, "c", "1"));
    REQUIRE(put_text(store, "c", "2", later));
    REQUIRE(put_text(store, "d", "1", later));
    REQUIRE(store.remove("d"));
    REQUIRE(put_text(store, "e", "1", later));
    REQUIRE(store.copy("c", "e"));
    const std::string copied = text_of(store, "e");
    REQUIRE(store.flush());
    CHECK(text_of(store, "a") == "2");
    CHECK(text_of(store, "b") == "2");
    CHECK(text_of(store, "c") == "2");
    CHECK(text_of(store, "d") == "[not_found]");
    CHECK(text_of(store, "e") == copied);
  }
  SUBCASE("conditions hold at once, also for a put on_flush") {
    if (!store.capabilities().conditional_put) return;
    REQUIRE(put_text(store, "k", "1", {.if_absent = true, .durability = Durability::on_flush}));
    REQUIRE(store.flush());
    CHECK(code_of(put_text(store, "k", "2", {.if_absent = true, .durability = Durability::on_flush})) ==
          "already_exists");
    REQUIRE(store.flush());
    CHECK(text_of(store, "k") == "1");
  }
  SUBCASE("eight threads put, read, list, flush and remove, and every object is whole") {
    std::atomic<int> wrong = 0;
    in_threads(8, [&](int thread) {
      for (int i = 0; i < 25; ++i) {
        const std::string own = "own/" + std::to_string(thread) + "/" + std::to_string(i);
        const std::string text = pattern(2000, static_cast<unsigned>(thread * 1000 + i));
        const PutOptions options = {.durability = i % 2 == 0 ? Durability::on_flush : Durability::now};
        if (!put_text(store, own, text, options)) ++wrong;
        if (i % 2 == 0 && !store.flush()) ++wrong;
        if (text_of(store, own) != text) ++wrong;
        const std::string shared = "shared/folder/" + std::to_string(i % 3);
        if (i % 5 == 4 ? !store.remove(shared) : !put_text(store, shared, text, options)) ++wrong;
        if (i % 8 == 0 && !store.list({.prefix = "own/", .limit = 10})) ++wrong;
        if (i % 3 == 0 && !store.remove(own)) ++wrong;
      }
    });
    CHECK(wrong == 0);
    REQUIRE(store.flush());
    CHECK(list_all(store, {.prefix = "own/", .limit = 7}).first.size() == 8 * 16);
  }
  SUBCASE("sweeping harms no object and nothing that waits for a flush") {
    REQUIRE(put_text(store, "k", "1"));
    REQUIRE(put_text(store, "waits", "2", later));
    const auto swept = store.sweep_temporary(Duration(0), false);
    REQUIRE_MESSAGE(swept, swept.error().to_string());
    CHECK(swept->empty());
    REQUIRE(store.flush());
    CHECK(text_of(store, "k") == "1");
    CHECK(text_of(store, "waits") == "2");
  }
}

}  // namespace docupilot_test
