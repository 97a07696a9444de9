#include "base/part_file.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/object_calls.h"
#include "support/temp_dir.h"

using namespace docupilot;
using namespace docupilot_test;
namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;

std::string text_in(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t count_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

fs::path hidden_in(const fs::path& folder, const std::string& ending) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().ends_with(ending)) return entry.path();
  }
  return {};
}

}  // namespace

TEST_CASE("a part file that is left is there for the next run with its record, and only then") {
  const TempDir dir;
  {
    PartFile file(dir / "name");
    CHECK_FALSE(file.open_again().value());
    REQUIRE(file.open_record());
    REQUIRE(file.write(as_bytes("bytes")));
    file.leave();
  }
  CHECK(count_in(dir.path()) == 2);
  struct stat status{};
  for (const char* ending : {".part", ".record"}) {
    REQUIRE(::stat(hidden_in(dir.path(), ending).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600);
  }
  CHECK(text_in(hidden_in(dir.path(), ".part")) == "bytes");
  {
    PartFile file(dir / "name");
    CHECK(file.open_again().value());
    REQUIRE(file.open_record());
  }
  CHECK(count_in(dir.path()) == 0);
}

TEST_CASE("a record is emptied when its part file is new") {
  const TempDir dir;
  {
    PartFile file(dir / "name");
    REQUIRE(file.open_again());
    const auto record = file.open_record();
    REQUIRE(record);
    REQUIRE(::write(record->get(), "old", 3) == 3);
    file.leave();
  }
  fs::remove(hidden_in(dir.path(), ".part"));
  PartFile file(dir / "name");
  CHECK_FALSE(file.open_again().value());
  REQUIRE(file.open_record());
  CHECK(fs::file_size(hidden_in(dir.path(), ".record")) == 0);
}

TEST_CASE("a part file that one holds, no other gets, and it outlives their attempts") {
  const TempDir dir;
  PartFile first(dir / "name");
  REQUIRE(first.open_again());
  for (int i = 0; i < 3; ++i) {
    PartFile second(dir / "name");
    CHECK(code_of(second.open_again()) == "conflict");
  }
  PartFile other(dir / "other");
  CHECK(other.open_again());
  REQUIRE(first.write(as_bytes("whole")));
  REQUIRE(first.keep());
  CHECK(text_in(dir / "name") == "whole");
  PartFile next(dir / "name");
  CHECK(next.open_again());
}

TEST_CASE("links, pipes and files open to others in the place of the hidden file are taken away, not used") {
  const TempDir dir;
  const std::string victim = dir.write("outside/victim", "untouched");
  fs::create_directory(dir / "in");
  {
    PartFile file(dir / "in/name");
    REQUIRE(file.open_again());
    REQUIRE(file.open_record());
    file.leave();
  }
  const fs::path part = hidden_in(dir / "in", ".part");
  const fs::path record = hidden_in(dir / "in", ".record");
  for (const fs::path& place : {part, record}) {
    for (const std::string what : {"symbolic link", "dangling link", "hard link", "pipe", "open to others"}) {
      CAPTURE(what);
      fs::remove(place);
      if (what == "symbolic link") fs::create_symlink(victim, place);
      if (what == "dangling link") fs::create_symlink(dir / "outside/new", place);
      if (what == "hard link") fs::create_hard_link(victim, place);
      if (what == "pipe") REQUIRE(::mkfifo(place.c_str(), 0600) == 0);
      if (what == "open to others") {
        std::ofstream(place) << "planted";
        REQUIRE(::chmod(place.c_str(), 0660) == 0);
      }
      PartFile file(dir / "in/name");
      CHECK(file.open_again().value() == (place == record));
      REQUIRE(file.open_record());
      REQUIRE(file.write(as_bytes("bytes")));
      CHECK(fs::file_size(part) == 5);
      CHECK(fs::file_size(record) == 0);
      CHECK(fs::is_regular_file(fs::symlink_status(place)));
      CHECK(fs::hard_link_count(place) == 1);
      file.leave();
      CHECK(::truncate(part.c_str(), 0) == 0);
    }
  }
  CHECK(text_in(victim) == "untouched");
  CHECK(count_in(dir / "outside") == 1);
  fs::remove(part);
  fs::create_directory(part);
  PartFile file(dir / "in/name");
  CHECK_FALSE(file.open_again().has_value());
  CHECK(fs::is_directory(part));
}

TEST_CASE("a part file that was swapped for another does not bring that one into place") {
  const TempDir dir;
  const std::string target = dir.write("name", "old");
  {
    PartFile file(target);
    REQUIRE(file.open_again());
    REQUIRE(file.write(as_bytes("ours")));
    const fs::path part = hidden_in(dir.path(), ".part");
    fs::remove(part);
    std::ofstream(part) << "theirs";
    CHECK(code_of(file.keep()) == "conflict");
  }
  CHECK(text_in(target) == "old");
  CHECK(text_in(hidden_in(dir.path(), ".part")) == "theirs");
}

TEST_CASE("hidden names fit whatever the name, and differ where names do") {
  const TempDir dir;
  std::string euros;
  for (int i = 0; i < 85; ++i) euros += "\u20ac";
  PartFile files[] = {PartFile(dir / std::string(255, 'a')), PartFile(dir / (std::string(254, 'a') + 'b')),
                      PartFile(dir / euros)};
  for (PartFile& file : files) REQUIRE(file.open_again());
  CHECK(count_in(dir.path()) == 3);
  for (PartFile& file : files) REQUIRE(file.keep());
  CHECK(fs::exists(dir / euros));
}

TEST_CASE("a stranger's name is never that of a hidden file, with which one could plant what the next run believes") {
  const TempDir dir;
  Names hidden;
  {
    PartFile file(dir / "name");
    REQUIRE(file.open_again());
    REQUIRE(file.open_record());
    for (const char* ending : {".part", ".record"}) hidden.push_back(hidden_in(dir.path(), ending).filename());
  }
  hidden.push_back(".N.0123456789ABCDEF.PART");
  hidden.push_back(hidden.front() + "/in");
  for (const std::string& name : hidden) {
    CAPTURE(name);
    CHECK(code_of(PartFile(dir.path(), name).open()) == "invalid_argument");
    CHECK(code_of(PartFile(dir.path(), name).open_again()) == "invalid_argument");
    CHECK(code_of(PartFile(dir.path(), "in/" + name).open()) == "invalid_argument");
  }
  for (const std::string name : {".part", ".a.part", "a.0123456789abcdef.part", ".a.0123456789abcdeg.part",
                                 ".a.0123456789abcdef", ".0123456789abcdef.part", ".a0123456789abcdef.record"}) {
    CAPTURE(name);
    CHECK(code_of(PartFile(dir.path(), name).open()) == "ok");
  }
  CHECK(count_in(dir.path()) == 0);
}

TEST_CASE("a file that is replaced hands on its mode, and until then the hidden one is for its owner alone") {
  const TempDir dir;
  const std::string target = dir.write("name", "old");
  REQUIRE(::chmod(target.c_str(), 0640) == 0);
  PartFile file(target);
  REQUIRE(file.open_again());
  struct stat status{};
  REQUIRE(::stat(hidden_in(dir.path(), ".part").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600);
  REQUIRE(file.keep());
  REQUIRE(::stat(target.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0640);
}
