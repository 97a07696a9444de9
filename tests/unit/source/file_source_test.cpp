#include <docupilot/source/source.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/temp_dir.h"

using namespace docupilot;
using docupilot_test::TempDir;

namespace {

std::string text_of(Source& source) {
  auto text = read_all(source, 100'000'000);
  REQUIRE_MESSAGE(text.has_value(), (text ? "" : text.error().to_string()));
  return *std::move(text);
}

/// The code of the error, which must name the target and what to do.
ErrorCode failure(const std::string& path) {
  const auto source = file_source(path);
  REQUIRE_FALSE(source.has_value());
  CHECK(source.error().operation() == "open");
  CHECK(source.error().backend() == "file");
  CHECK_FALSE(source.error().hint().empty());
  if (!path.empty()) CHECK_FALSE(source.error().target().empty());
  return source.error().code();
}

}  // namespace

TEST_CASE("a file is read in pieces, again after rewind, and at any offset") {
  const TempDir dir;
  std::string text;
  for (int i = 0; i < 400'000; ++i) text += static_cast<char>('a' + i % 23);
  const std::string path = dir.write("folder/letters.txt", text + text + text);
  text += text + text;
  auto source = file_source(path).value();
  CHECK(source->size() == text.size());
  CHECK(source->name() == "letters.txt");
  CHECK(source->can_rewind());
  CHECK(text_of(*source) == text);
  REQUIRE(source->rewind());
  CHECK(text_of(*source) == text);

  std::vector<std::byte> room(text.size() + 10);
  CHECK(source->read_at(0, room).value() == text.size());
  CHECK(as_text(std::span(room).first(text.size())) == text);
  CHECK(source->read_at(5, std::span(room).first(4)).value() == 4);
  CHECK(as_text(std::span(room).first(4)) == text.substr(5, 4));
  CHECK(source->read_at(text.size() - 2, room).value() == 2);
  CHECK(source->read_at(text.size(), room).value() == 0);
  CHECK(source->read_at(UINT64_MAX, room).value() == 0);
}

TEST_CASE("an empty file is at its end at once") {
  const TempDir dir;
  auto source = file_source(dir.write("empty", "")).value();
  CHECK(source->size() == 0);
  CHECK(text_of(*source).empty());
}

TEST_CASE("several threads may read at offsets of one file") {
  const TempDir dir;
  const std::string text(300'000, 'x');
  auto source = file_source(dir.write("x", text)).value();
  std::vector<int> good(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < good.size(); ++t) {
      threads.emplace_back([&, t] {
        std::vector<std::byte> room(50'000);
        const auto count = source->read_at(t * 60'000, room);
        good[t] = count && *count == room.size() && as_text(room) == text.substr(0, room.size());
      });
    }
  }
  CHECK(good == std::vector<int>(4, 1));
}

TEST_CASE("what is no regular file is refused with a hint, without waiting and without being opened") {
  const TempDir dir;
  const std::string fifo = dir / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(failure(fifo) == ErrorCode::invalid_argument);
  CHECK(file_source(fifo).error().message().find("named pipe") != std::string::npos);
  CHECK(failure(dir.path().string()) == ErrorCode::invalid_argument);
  CHECK(failure("/dev/zero") == ErrorCode::invalid_argument);
  CHECK(file_source("/dev/zero").error().message().find("device") != std::string::npos);

  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = dir / "socket";
  REQUIRE(path.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  CHECK(failure(path) == ErrorCode::invalid_argument);
  ::close(listener);
}

TEST_CASE("paths that lead nowhere are refused with what to do") {
  const TempDir dir;
  const std::string file = dir.write("file", "x");
  CHECK(failure(dir / "missing") == ErrorCode::not_found);
  CHECK(failure("") == ErrorCode::not_found);
  CHECK(failure(file + "/below") == ErrorCode::invalid_argument);
  CHECK(failure(dir / std::string(300, 'n')) == ErrorCode::invalid_argument);
  CHECK(failure(file + std::string("\0.txt", 5)) == ErrorCode::invalid_argument);
  std::filesystem::create_symlink("loop", dir / "loop");
  CHECK(failure(dir / "loop") == ErrorCode::invalid_argument);
  CHECK(failure(dir / "a\nb") == ErrorCode::not_found);
  CHECK(file_source(dir / "a\nb").error().to_string().find('\n') == std::string::npos);
}

TEST_CASE("a file that this user may not read is permission_denied") {
  const TempDir dir;
  const std::string path = dir.write("secret", "x");
  std::filesystem::permissions(dir.path(), std::filesystem::perms::all);
  std::filesystem::permissions(path, std::filesystem::perms::none);
  const uid_t before = ::geteuid();
  if (before == 0) REQUIRE(::seteuid(65534) == 0);  // rights do not bind root
  const ErrorCode code = failure(path);
  if (before == 0) REQUIRE(::seteuid(before) == 0);
  CHECK(code == ErrorCode::permission_denied);
}

TEST_CASE("running out of descriptors is exhausted") {
  const TempDir dir;
  const std::string path = dir.write("file", "x");
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const auto source = file_source(path);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE_FALSE(source.has_value());
  CHECK(source.error().code() == ErrorCode::exhausted);
  CHECK_FALSE(source.error().hint().empty());
  CHECK(file_source(path).has_value());
}

TEST_CASE("no descriptor is left open, whether opening succeeds or fails") {
  const TempDir dir;
  const std::string path = dir.write("file", "x");
  const auto open_files = [] {
    const std::filesystem::directory_iterator files("/proc/self/fd");
    return std::distance(begin(files), end(files));
  };
  const auto before = open_files();
  for (int i = 0; i < 10; ++i) {
    CHECK(file_source(path).has_value());
    CHECK_FALSE(file_source(dir.path().string()).has_value());
  }
  CHECK(open_files() == before);
}

TEST_CASE("the descriptor does not pass to programs that are started") {
  const TempDir dir;
  const int next = ::open("/dev/null", O_RDONLY);
  ::close(next);
  const auto source = file_source(dir.write("file", "x")).value();
  CHECK((::fcntl(next, F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("an error of the disk while reading is internal, names the file and says what to do") {
  // Page 0 of this process is not mapped, and that is what the kernel calls an input error.
  auto source = file_source("/proc/self/mem").value();
  std::byte room[16];
  const auto count = source->read(room, {});
  REQUIRE_FALSE(count.has_value());
  CHECK(count.error().code() == ErrorCode::internal);
  CHECK(count.error().operation() == "read");
  CHECK(count.error().target().ends_with("mem"));
  CHECK_FALSE(count.error().hint().empty());
}

TEST_CASE("a file that shrinks while it is read is corrupted, not short") {
  const TempDir dir;
  const std::string path = dir.write("shrinks", std::string(1000, 'x'));
  auto source = file_source(path).value();
  std::byte room[400];
  CHECK(source->read(room, {}).value() == 400);
  std::filesystem::resize_file(path, 600);
  CHECK(source->read(room, {}).value() == 200);
  const auto count = source->read(room, {});
  REQUIRE_FALSE(count.has_value());
  CHECK(count.error().code() == ErrorCode::corrupted);
  CHECK_FALSE(count.error().hint().empty());
  CHECK(source->read_at(500, room).error().code() == ErrorCode::corrupted);
  CHECK(source->read_at(100, room).value() == 400);
}

TEST_CASE("a file that grows while it is read is corrupted, and at offsets keeps its first size") {
  const TempDir dir;
  const std::string path = dir.write("grows", std::string(1000, 'x'));
  auto source = file_source(path).value();
  std::byte room[1000];
  CHECK(source->read(room, {}).value() == 1000);
  std::ofstream(path, std::ios::app) << "more";
  CHECK(source->read(room, {}).error().code() == ErrorCode::corrupted);
  CHECK(source->read_at(900, room).value() == 100);
}

TEST_CASE("files of the kernel that say they are empty but are not do not pass as empty") {
  auto source = file_source("/proc/self/status").value();
  std::byte room[16];
  CHECK(source->read(room, {}).error().code() == ErrorCode::corrupted);
}

TEST_CASE("the identity stays while a file stays, and changes when it is written to") {
  const TempDir dir;
  const std::string path = dir.write("file", "one");
  auto source = file_source(path).value();
  const SourceIdentity first = source->identity().value();
  CHECK(first.is_set());
  CHECK(first.uri == path);
  CHECK(first.size == 3);
  CHECK(first.inode != 0);
  CHECK(first.modified_ns > 0);
  CHECK(text_of(*source) == "one");
  CHECK(source->identity().value() == first);
  CHECK(file_source(path).value()->identity().value() == first);

  std::ofstream(path, std::ios::app) << "more";
  const SourceIdentity longer = source->identity().value();
  CHECK(longer != first);
  CHECK(longer.size == 7);

  // The same size and the same modification time, set back by hand: the change time tells.
  const timespec old[2] = {{.tv_sec = 1000, .tv_nsec = 5}, {.tv_sec = 1000, .tv_nsec = 5}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), old, 0) == 0);
  const SourceIdentity set_back = source->identity().value();
  CHECK(set_back.modified_ns == 1'000'000'000'005);
  CHECK(set_back.changed_ns >= longer.changed_ns);
  CHECK(set_back.changed_ns != set_back.modified_ns);

  std::filesystem::rename(dir.write("other", "one"), path);
  CHECK(file_source(path).value()->identity().value().inode != first.inode);
}

TEST_CASE("a relative path and one with dots have the identity of the absolute one; a link keeps its own name") {
  const TempDir dir;
  const std::string path = dir.write("folder/file", "x");
  const std::string uri = file_source(path).value()->identity().value().uri;
  CHECK(file_source(dir / "folder/../folder/./file").value()->identity().value().uri == uri);
  CHECK(file_source(std::filesystem::relative(path).string()).value()->identity().value().uri == uri);
  std::filesystem::create_symlink("folder/file", dir / "link");
  auto link = file_source(dir / "link").value();
  CHECK(text_of(*link) == "x");
  CHECK(link->name() == "link");
  CHECK(link->identity().value().uri == (std::filesystem::canonical(dir.path()) / "link").string());
}

TEST_CASE("reading a file ends at a stop request and past the deadline") {
  const TempDir dir;
  auto source = file_source(dir.write("file", "x")).value();
  std::stop_source stop;
  stop.request_stop();
  std::byte room[4];
  CHECK(source->read(room, {.stop = stop.get_token()}).error().code() == ErrorCode::cancelled);
  CHECK(source->read(room, {.deadline = Deadline::after(Duration(0))}).error().code() == ErrorCode::timeout);
  CHECK(source->read({}, {}).error().code() == ErrorCode::invalid_argument);
  CHECK(text_of(*source) == "x");
}
