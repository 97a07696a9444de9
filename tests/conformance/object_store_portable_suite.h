#pragma once

#include <docupilot/store/memory_store.h>

#include "object_store_suite.h"

namespace docupilot_test {

// Keys that a store must take even when it keeps them as paths of a file system: no key is the folder of another, no
// segment is empty, a dot or two, longer than 255 bytes or holds a backslash. All stores run this; those with
// `any_key` have more cases in object_store_keys_suite.h.

inline std::vector<std::string> portable_keys() {
  std::vector<std::string> keys = {"a",
                                   "A",
                                   "a.d",
                                   "a b",
                                   " a",
                                   "a ",
                                   "a.",
                                   ".hidden",
                                   "%",
                                   "%%",
                                   "%25",
                                   "%2E",
                                   "%2e",
                                   "a%2Fb",
                                   "a+b",
                                   "a&b=c?d#e",
                                   "con",
                                   "*",
                                   "a:b",
                                   "<a>|\"b\"",
                                   "~",
                                   "-",
                                   "tmp",
                                   "objects",
                                   "Gr\u00fc\u00dfe",
                                   "Gru\u0308\u00dfe",
                                   "\u65e5\u672c\u8a9e/\u6587\u66f8.pdf",
                                   "\U0001F600",
                                   "caf\u00e9",
                                   "cafe\u0301",
                                   "a!",
                                   "a-b",
                                   "a0",
                                   "a%",
                                   "d/1",
                                   "d/2",
                                   "d/b/3",
                                   "d/b c/+",
                                   "d!",
                                   "d-",
                                   "d0/x",
                                   "e/\u00e9/1",
                                   "e/\u00e9/2"};
  for (int i = 0; i < 30; ++i) keys.push_back("k" + std::to_string(i) + (i % 3 == 0 ? "/x" : ""));
  keys.push_back(std::string(255, 'x'));
  keys.push_back(std::string(254, 'x') + '!');
  keys.push_back("l/" + std::string(200, 'y') + '/' + std::string(200, 'z'));
  std::sort(keys.begin(), keys.end());
  return keys;
}

TEST_CASE_TEMPLATE_DEFINE("object store: portable keys", Builder, object_store_portable) {
  DOCUPILOT_STORE(Builder);

  SUBCASE("portable keys are all different objects, and are listed like in memory in pages of any size") {
    const auto keys = portable_keys();
    const auto model = make_memory_store();
    for (const std::string& key : keys) {
      CAPTURE(key);
      const auto put = put_text(store, key, "bytes of " + key);
      REQUIRE_MESSAGE(put, put.error().to_string());
      CHECK(put->key == key);
      REQUIRE(put_text(*model, key, key));
    }
    for (const std::string& key : keys) {
      CAPTURE(key);
      CHECK(text_of(store, key) == "bytes of " + key);
      CHECK(store.head(key)->key == key);
    }
    CHECK(list_all(store, {}).first == keys);
    for (const char* prefix : {"", "a", "d/", "d", "d/b", "k1", "e/\u00e9/", "zz", "caf", "%2"}) {
      for (const char* delimiter : {"", "/"}) {
        const auto wanted = list_all(*model, {.prefix = prefix, .delimiter = delimiter});
        for (const std::size_t limit : {std::size_t{2}, std::size_t{7}, std::size_t{1000}}) {
          CAPTURE(prefix);
          CAPTURE(delimiter);
          CAPTURE(limit);
          CHECK(list_all(store, {.prefix = prefix, .delimiter = delimiter, .limit = limit}) == wanted);
        }
      }
    }
    for (const std::string& key : keys) CHECK(store.remove(key));
    CHECK(list_all(store, {}).first.empty());
  }
  SUBCASE("any other key is taken as it is or refused, and never leads to another object") {
    REQUIRE(put_text(store, "plain/object", "untouched"));
    for (const std::string& key :
         {std::string("x//y"), std::string("/x"), std::string("x/./y"), std::string("x/../plain/object"),
          std::string("../x"), std::string("."), std::string(".."), std::string("plain\\object"),
          std::string("plain/object/below"), std::string("plain//object"), std::string("plain/./object"),
          std::string(300, 's'), std::string("/plain/object"), std::string("plain/object/")}) {
      CAPTURE(key);
      const auto put = put_text(store, key, "other");
      if (put) {
        CHECK(text_of(store, key) == "other");
        REQUIRE(store.remove(key));
      } else {
        CHECK_MESSAGE(put.error().code() == ErrorCode::invalid_argument, put.error().to_string());
      }
      CHECK(text_of(store, "plain/object") == "untouched");
    }
  }
}

}  // namespace docupilot_test
