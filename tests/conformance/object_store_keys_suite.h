#pragma once

#include <algorithm>

#include "object_store_portable_suite.h"
#include "object_store_suite.h"

namespace docupilot_test {

TEST_CASE_TEMPLATE_DEFINE("object store: keys", Builder, object_store_keys) {
  DOCUPILOT_STORE(Builder);

  SUBCASE("unusual keys are all different objects and are listed in the order of their bytes") {
    if (!store.capabilities().any_key) return;  // see object_store_portable_suite.h
    std::vector<std::string> keys = portable_keys();
    keys.insert(keys.end(), {"a/",    "a//",   "a//b", "a/b",  "a/b/",
                             "/",     "//",    "/a",   ".",    "..",
                             "./a",   "../a",  "a/.",  "a/..", "../../etc/passwd",
                             "a.d/b", "a.d.d", ".d",   "x.d/", "a\\b",
                             "C:\\x", "a%/b",  "a/%"});
    for (const std::string& key : keys) {
      CAPTURE(key);
      const auto put = put_text(store, key, "bytes of " + key);
      REQUIRE_MESSAGE(put, put.error().to_string());
      CHECK(put->key == key);
    }
    for (const std::string& key : keys) {
      CAPTURE(key);
      CHECK(text_of(store, key) == "bytes of " + key);
      CHECK(store.head(key)->key == key);
    }
    std::sort(keys.begin(), keys.end());
    CHECK(list_all(store, {}).first == keys);
    CHECK(list_all(store, {.limit = 3}).first == keys);
    for (const std::string& key : keys) CHECK(store.remove(key));
    CHECK(list_all(store, {}).first.empty());
  }
  SUBCASE("long keys are told apart to their last byte") {
    if (!store.capabilities().any_key) return;  // see object_store_portable_suite.h
    std::vector<std::string> keys;
    for (const std::size_t size : {200U, 230U, 231U, 232U, 233U, 255U, 256U, 464U, 465U, 1000U, 1023U, 1024U}) {
      keys.push_back(std::string(size, 'x'));
      keys.push_back(std::string(size - 1, 'x') + '!');
      keys.push_back(std::string(size - 2, 'x') + "/y");
      keys.push_back(std::string(size - 1, 'x') + '/');
    }
    keys.push_back(std::string(1024, '%'));
    keys.push_back("longest/" + std::string(1016, '.'));
    std::string wide;
    while (wide.size() + 4 <= 1024) wide += "\U0001F600";
    keys.push_back(wide);
    for (const std::string& key : keys) {
      CAPTURE(key);
      const auto put = put_text(store, key, key);
      REQUIRE_MESSAGE(put, put.error().to_string());
    }
    for (const std::string& key : keys) CHECK(text_of(store, key) == key);
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    CHECK(list_all(store, {.limit = 7}).first == keys);
    for (const std::string& key : keys) CHECK(store.remove(key));
    CHECK(list_all(store, {}).first.empty());
  }
  SUBCASE("a key of nothing but slashes works like any other") {
    if (!store.capabilities().any_key) return;  // see object_store_portable_suite.h
    const std::string key(1024, '/');
    REQUIRE(put_text(store, key, "deep"));
    CHECK(text_of(store, key) == "deep");
    CHECK(list_all(store, {}).first == std::vector<std::string>{key});
    CHECK(list_all(store, {.delimiter = "/"}).second == std::vector<std::string>{"/"});
    CHECK(store.remove(key));
    CHECK(list_all(store, {}).first.empty());
  }
  SUBCASE("keys that break the rule are refused by every call") {
    for (const std::string& key : {std::string(), std::string(1025, 'k'), std::string("a\nb"), std::string("a\0b", 3),
                                   std::string("\x7f"), std::string("\x1f"), std::string("\u0085"), std::string("\xff"),
                                   std::string("a\xc3"), std::string("\xed\xa0\x80"), std::string("\xc0\xaf")}) {
      CAPTURE(key);
      MemoryWriter into;
      MemoryReader body(as_bytes("x"));
      CHECK(code_of(store.put(key, body)) == "invalid_argument");
      CHECK(code_of(store.get(key, into)) == "invalid_argument");
      CHECK(code_of(store.head(key)) == "invalid_argument");
      CHECK(code_of(store.remove(key)) == "invalid_argument");
      CHECK(code_of(store.copy(key, "b")) == "invalid_argument");
      CHECK(code_of(store.copy("b", key)) == "invalid_argument");
      if (store.capabilities().multipart) CHECK(code_of(store.begin_multipart(key)) == "invalid_argument");
    }
    CHECK(list_all(store, {}).first.empty());
  }
}

TEST_CASE_TEMPLATE_DEFINE("object store: listing", Builder, object_store_listing) {
  DOCUPILOT_STORE(Builder);
  using Names = std::vector<std::string>;
  const auto put_all = [&](const Names& keys) {
    for (const auto& key : keys) REQUIRE(put_text(store, key, key));
  };

  SUBCASE("an empty store lists nothing") {
    const auto page = store.list();
    REQUIRE(page);
    CHECK(page->objects.empty());
    CHECK(page->prefixes.empty());
    CHECK(page->next_page_token.empty());
  }
  SUBCASE("a listing says size, etag and time of each object") {
    const auto put = put_text(store, "a/b", "12345").value();
    const auto page = store.list().value();
    REQUIRE(page.objects.size() == 1);
    CHECK(page.objects[0].key == "a/b");
    CHECK(page.objects[0].size == 5);
    CHECK(page.objects[0].etag == put.etag);
    CHECK(page.objects[0].attributes.empty());
  }
  SUBCASE("a prefix is any beginning of a key, not only a folder") {
    if (!store.capabilities().any_key) return;  // see object_store_portable_suite.h
    put_all({"a", "ab", "ab/c", "ab/cd", "abc", "b", "ab\u00e9"});
    CHECK(list_all(store, {.prefix = "ab"}).first == Names{"ab", "ab/c", "ab/cd", "abc", "ab\u00e9"});
    CHECK(list_all(store, {.prefix = "ab/"}).first == Names{"ab/c", "ab/cd"});
    CHECK(list_all(store, {.prefix = "ab/cd"}).first == Names{"ab/cd"});
    CHECK(list_all(store, {.prefix = "ab/cde"}).first.empty());
    CHECK(list_all(store, {.prefix = "ab\xc3"}).first.size() <= 1);
    CHECK(list_all(store, {.prefix = "zz"}).first.empty());
    CHECK(list_all(store, {.prefix = std::string(232, 'x')}).first.empty());
  }
  SUBCASE("a delimiter folds what goes on behind it, and each prefix comes once") {
    if (!store.capabilities().any_key) return;  // see object_store_portable_suite.h
    put_all({"a", "a/1", "a/2", "a/b/3", "b/", "c", "c!", "c/d", "d//e"});
    const auto top = list_all(store, {.delimiter = "/"});
    CHECK(top.first == Names{"a", "c", "c!"});
    CHECK(top.second == Names{"a/", "b/", "c/", "d/"});
    const auto below = list_all(store, {.prefix = "a/", .delimiter = "/"});
    CHECK(below.first == Names{"a/1", "a/2"});
    CHECK(below.second == Names{"a/b/"});
    CHECK(list_all(store, {.prefix = "a", .delimiter = "/"}).second == Names{"a/"});
    CHECK(list_all(store, {.prefix = "d/", .delimiter = "/"}).second == Names{"d//"});
    CHECK(list_all(store, {.prefix = "b/", .delimiter = "/"}).first == Names{"b/"});
    const auto odd = list_all(store, {.delimiter = "/1"});
    CHECK(odd.first == Names{"a", "a/2", "a/b/3", "b/", "c", "c!", "c/d", "d//e"});
    CHECK(odd.second == Names{"a/1"});
  }
  SUBCASE("pages of any size give the same keys and prefixes as one page") {
    if (!store.capabilities().any_key) return;  // see object_store_portable_suite.h
    Names keys;
    for (int i = 0; i < 40; ++i) keys.push_back("k" + std::to_string(i) + (i % 3 == 0 ? "/x" : i % 3 == 1 ? "/" : ""));
    keys.insert(keys.end(), {"k", "k/", "k/1", "k!/2"});
    put_all(keys);
    for (const std::string& delimiter : {std::string(), std::string("/"), std::string("k1"), std::string("/x")}) {
      const auto whole = list_all(store, {.prefix = "k", .delimiter = delimiter});
      for (const std::size_t limit : {1U, 2U, 3U, 7U, 43U, 44U, 45U}) {
        CAPTURE(limit);
        CHECK(list_all(store, {.prefix = "k", .delimiter = delimiter, .limit = limit}) == whole);
      }
    }
    CHECK(store.list({.limit = 44})->next_page_token.empty());
    CHECK_FALSE(store.list({.limit = 43})->next_page_token.empty());
  }
  SUBCASE("pages stay right while objects are added and removed") {
    Names keys;
    for (int i = 100; i < 160; ++i) keys.push_back("k" + std::to_string(i));
    put_all(keys);
    std::set<std::string> seen;
    ListOptions options = {.limit = 10};
    for (int page_number = 0; page_number < 100; ++page_number) {
      const auto page = store.list(options);
      REQUIRE(page);
      for (const auto& key : keys_of(*page)) CHECK_MESSAGE(seen.insert(key).second, key);
      if (page->next_page_token.empty()) break;
      options.page_token = page->next_page_token;
      REQUIRE(put_text(store, "a" + std::to_string(page_number), "behind us"));
      REQUIRE(put_text(store, "k1" + std::to_string(page_number) + "5-added", "perhaps before us"));
      REQUIRE(store.remove(keys_of(*page).back()));
    }
    for (const auto& key : keys) CHECK_MESSAGE(seen.contains(key), key);
  }
  SUBCASE("the limit is 1 to 10,000") {
    put_all({"a", "b"});
    CHECK(code_of(store.list({.limit = 0})) == "invalid_argument");
    CHECK(store.list({.limit = 1})->objects.size() == 1);
    CHECK(store.list({.limit = 10'000})->objects.size() == 2);
    CHECK(code_of(store.list({.limit = 10'001})) == "invalid_argument");
  }
}

}  // namespace docupilot_test
