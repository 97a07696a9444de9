#include "store/local_names.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

using namespace docupilot;

namespace {

std::string path_of(std::string_view key) {
  std::string path;
  for (const auto& name : names_of_key("objects", key)) path += (path.empty() ? "" : "/") + name;
  return path;
}

// Follows the names back to a key; the last is a file.
std::optional<std::string> key_of(const LocalNames& names) {
  std::string key;
  for (std::size_t i = 1; i < names.size(); ++i) {
    const auto entry = entry_of_name(names[i], i + 1 < names.size());
    if (!entry) return std::nullopt;
    key += entry->beginning();
  }
  return key;
}

// Keys with everything in them that names treat differently.
std::vector<std::string> odd_keys() {
  const std::string pieces[] = {"a",
                                "b",
                                "A",
                                ".",
                                "..",
                                ".d",
                                "d",
                                "/",
                                "//",
                                "%",
                                "%2E",
                                "\\",
                                ":",
                                "\"",
                                " ",
                                "*",
                                "é",
                                "😀",
                                "-",
                                "!",
                                "0",
                                "~",
                                "+",
                                std::string(115, 'x'),
                                std::string(230, 'y'),
                                std::string(77, '%')};
  std::mt19937 random(7);
  std::vector<std::string> keys;
  while (keys.size() < 20'000) {
    std::string key;
    for (unsigned i = 0; i <= random() % 6; ++i) key += pieces[random() % std::size(pieces)];
    if (key.size() <= 1024) keys.push_back(key);
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

}  // namespace

TEST_CASE("the names of files are those of the format") {
  const std::pair<std::string, std::string> golden[] = {
      {"report.pdf", "objects/report.pdf"},
      {"2024/reports/May 5.pdf", "objects/2024.d/reports.d/May 5.pdf"},
      {"a", "objects/a"},
      {"a/b", "objects/a.d/b"},
      {"a/", "objects/a.d/%"},
      {"a//b", "objects/a.d/%.d/b"},
      {"/", "objects/%.d/%"},
      {"/a", "objects/%.d/a"},
      {".", "objects/%2E"},
      {"..", "objects/%2E%2E"},
      {"../x", "objects/%2E%2E.d/x"},
      {".hidden", "objects/%2Ehidden"},
      {"a.d", "objects/a%2Ed"},
      {"a.d/b", "objects/a%2Ed.d/b"},
      {"end.", "objects/end%2E"},
      {"end ", "objects/end%20"},
      {"100%", "objects/100%25"},
      {"what? \"x\" <y> a:b|c*\\", "objects/what%3F %22x%22 %3Cy%3E a%3Ab%7Cc%2A%5C"},
      {"Grüße/日本.txt", "objects/Grüße.d/日本.txt"},
      {"a+b&c=d#e;f,g'h(i)[j]{k}~@$^`!_-", "objects/a+b&c=d#e;f,g'h(i)[j]{k}~@$^`!_-"},
      {std::string(231, 'x'), "objects/" + std::string(231, 'x')},
      {std::string(232, 'x'), "objects/" + std::string(232, 'x') + "%/%"},
      {std::string(233, 'x'), "objects/" + std::string(232, 'x') + "%/x"},
      {std::string(464, 'x') + "/y", "objects/" + std::string(232, 'x') + "%/" + std::string(232, 'x') + "%/%.d/y"},
      {std::string(231, 'x') + "😀.pdf", "objects/" + std::string(231, 'x') + "😀%/%2Epdf"},
  };
  for (const auto& [key, path] : golden) {
    CAPTURE(key);
    CHECK(path_of(key) == path);
  }
}

TEST_CASE("names lead back to their key, fit every file system, and no file is where a folder is") {
  std::map<std::string, bool> kinds;  // path, and whether it is a file
  for (const auto& key : odd_keys()) {
    CAPTURE(key);
    const LocalNames names = names_of_key("objects", key);
    CHECK(key_of(names) == key);
    std::string path;
    for (std::size_t i = 0; i < names.size(); ++i) {
      CHECK(names[i].size() <= 241);
      CHECK(names[i] != ".");
      CHECK(names[i] != "..");
      CHECK(names[i].find('/') == std::string::npos);
      path += '/' + names[i];
      const bool is_file = i + 1 == names.size();
      const auto [at, is_new] = kinds.emplace(path, is_file);
      CHECK(at->second == is_file);
      CHECK((is_new || !is_file));
    }
  }
}

TEST_CASE("walking the names in the order of what they begin with gives the keys in the order of their bytes") {
  // Sorting by the beginnings level by level is what a listing does.
  const auto keys = odd_keys();
  std::vector<std::pair<std::vector<std::string>, std::string>> walked;
  for (const auto& key : keys) {
    const LocalNames names = names_of_key("objects", key);
    std::vector<std::string> beginnings;
    for (std::size_t i = 1; i < names.size(); ++i) {
      beginnings.push_back(entry_of_name(names[i], i + 1 < names.size())->beginning());
    }
    walked.emplace_back(std::move(beginnings), key);
  }
  std::sort(walked.begin(), walked.end());
  for (std::size_t i = 0; i < keys.size(); ++i) REQUIRE(walked[i].second == keys[i]);
}

TEST_CASE("a name that no key leads to stands for nothing") {
  for (const char* name : {".hidden", "a.", "a ", "%2", "%zz", "%2e", "%41", "a:b", "%2F", "%00", "a.d", "%25%", ""}) {
    CAPTURE(name);
    CHECK_FALSE(entry_of_name(name, false));
  }
  for (const char* name : {"plain", ".d", "a", "%", "short%", "x%41.d", "a%2F.d"}) {
    CAPTURE(name);
    CHECK_FALSE(entry_of_name(name, true));
  }
  CHECK_FALSE(entry_of_name(std::string(232, 'x'), false));
  CHECK_FALSE(entry_of_name(std::string(232, 'x') + ".d", true));
  CHECK_FALSE(entry_of_name(std::string(231, 'x') + "%", true));
  CHECK_FALSE(entry_of_name(std::string(233, 'x') + "%", true));
  CHECK(entry_of_name(std::string(232, 'x') + "%", true));
}
