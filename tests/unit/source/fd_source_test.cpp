#include <docupilot/source/source.h>

#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/temp_dir.h"

using namespace docupilot;
using docupilot_test::TempDir;

namespace {

/// Two descriptors, closed at the end unless `close_end` did it before.
struct Ends {
  int fd[2] = {-1, -1};

  static Ends pipe() {
    Ends ends;
    REQUIRE(::pipe2(ends.fd, O_CLOEXEC) == 0);
    return ends;
  }
  static Ends sockets(int type) {
    Ends ends;
    REQUIRE(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.fd) == 0);
    return ends;
  }
  Ends() = default;
  Ends(Ends&& other) noexcept : fd{other.fd[0], other.fd[1]} { other.fd[0] = other.fd[1] = -1; }
  Ends& operator=(Ends&&) = delete;
  ~Ends() {
    close_end(0);
    close_end(1);
  }
  void close_end(int which) {
    if (fd[which] >= 0) ::close(fd[which]);
    fd[which] = -1;
  }
  void write(std::string_view text) const {
    REQUIRE(::write(fd[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
};

ErrorCode refusal(int fd) {
  const auto source = fd_source(fd, "it");
  REQUIRE_FALSE(source.has_value());
  CHECK(source.error().target() == "it");
  CHECK_FALSE(source.error().hint().empty());
  return source.error().code();
}

}  // namespace

TEST_CASE("a file's descriptor is read from where it stands, and stays there") {
  const TempDir dir;
  const std::string path = dir.write("file", "0123456789");
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(::lseek(fd, 4, SEEK_SET) == 4);
  {
    auto source = fd_source(fd, "digits").value();
    CHECK(source->name() == "digits");
    CHECK(source->size() == 6);
    CHECK(source->can_rewind());
    CHECK(read_all(*source, 100).value() == "456789");
    REQUIRE(source->rewind());
    CHECK(read_all(*source, 100).value() == "456789");
    std::byte room[4];
    CHECK(source->read_at(1, room).value() == 4);
    CHECK(as_text(room) == "5678");
    CHECK(source->read_at(5, room).value() == 1);
    CHECK(source->read_at(6, room).value() == 0);
    CHECK(source->identity().value().uri == path);
    CHECK(source->identity().value().size == 6);
  }
  CHECK(::lseek(fd, 0, SEEK_CUR) == 4);  // still open, not moved
  REQUIRE(::lseek(fd, 11, SEEK_SET) == 11);
  CHECK(fd_source(fd).value()->size() == 0);
  CHECK(read_all(*fd_source(fd).value(), 100).value().empty());
  ::close(fd);
}

TEST_CASE("pipes and stream sockets are read to their end as streams of unknown length") {
  for (const bool through_pipe : {true, false}) {
    Ends ends = through_pipe ? Ends::pipe() : Ends::sockets(SOCK_STREAM);
    auto source = fd_source(ends.fd[0], "stream").value();
    CHECK_FALSE(source->size());
    CHECK_FALSE(source->can_rewind());
    CHECK(source->rewind().error().code() == ErrorCode::unsupported);
    CHECK_FALSE(source->identity().value().is_set());
    std::byte room[64];
    ends.write("first");
    CHECK(source->read(room, {}).value() == 5);
    ends.write("second");
    CHECK(source->read(room, {}).value() == 6);
    CHECK(as_text(std::span(room).first(6)) == "second");
    ends.close_end(1);
    CHECK(source->read(room, {}).value() == 0);
    CHECK(source->read(room, {}).value() == 0);
  }
}

TEST_CASE("more than a pipe holds comes through whole") {
  Ends ends = Ends::pipe();
  const std::string text(1'000'000, 'x');
  std::jthread writer([&] {
    std::string_view rest = text;
    while (!rest.empty()) {
      const ssize_t count = ::write(ends.fd[1], rest.data(), rest.size());
      if (count <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
    ends.close_end(1);
  });
  CHECK(read_all(*fd_source(ends.fd[0]).value(), 2'000'000).value() == text);
}

TEST_CASE("waiting for a pipe or socket ends at the deadline, and what comes later is not lost") {
  for (const bool through_pipe : {true, false}) {
    Ends ends = through_pipe ? Ends::pipe() : Ends::sockets(SOCK_STREAM);
    auto source = fd_source(ends.fd[0]).value();
    std::byte room[8];
    const auto late = source->read(room, {.deadline = Deadline::after(Duration::milliseconds(20))});
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().code() == ErrorCode::timeout);
    ends.write("late");
    CHECK(source->read(room, {.deadline = Deadline::after(Duration::milliseconds(60'000))}).value() == 4);
  }
}

TEST_CASE("waiting for a pipe ends soon after a stop request") {
  const Ends ends = Ends::pipe();
  auto source = fd_source(ends.fd[0]).value();
  std::stop_source stop;
  const Deadline started = Deadline::after(Duration::milliseconds(60'000));
  std::jthread stopper([&] { stop.request_stop(); });
  std::byte room[8];
  const auto count = source->read(room, {.deadline = started, .stop = stop.get_token()});
  REQUIRE_FALSE(count.has_value());
  CHECK(count.error().code() == ErrorCode::cancelled);
  CHECK(started.remaining() > Duration::milliseconds(50'000));
}

TEST_CASE("a descriptor that does not block is waited for all the same") {
  Ends ends = Ends::pipe();
  REQUIRE(::fcntl(ends.fd[0], F_SETFL, O_NONBLOCK) == 0);
  auto source = fd_source(ends.fd[0]).value();
  std::byte room[8];
  CHECK(source->read(room, {.deadline = Deadline::after(Duration::milliseconds(5))}).error().code() ==
        ErrorCode::timeout);
  ends.write("x");
  ends.close_end(1);
  CHECK(read_all(*source, 10).value() == "x");
}

TEST_CASE("descriptors that carry no stream of bytes are refused with what to do") {
  const TempDir dir;
  CHECK(refusal(-1) == ErrorCode::invalid_argument);
  Ends closed = Ends::pipe();
  const int number = closed.fd[0];
  closed.close_end(0);
  CHECK(refusal(number) == ErrorCode::invalid_argument);
  const int folder = ::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CHECK(refusal(folder) == ErrorCode::invalid_argument);
  ::close(folder);
  CHECK(refusal(closed.fd[1]) == ErrorCode::invalid_argument);  // the writing end
  const int only_a_path = ::open(dir.write("file", "x").c_str(), O_PATH | O_CLOEXEC);
  CHECK(refusal(only_a_path) == ErrorCode::invalid_argument);
  ::close(only_a_path);
  const int counter = ::eventfd(0, EFD_CLOEXEC);
  CHECK(refusal(counter) == ErrorCode::invalid_argument);
  ::close(counter);
  const Ends messages = Ends::sockets(SOCK_DGRAM);
  CHECK(refusal(messages.fd[0]) == ErrorCode::invalid_argument);
}

TEST_CASE("a device that the caller opened is read as a stream") {
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK(read_all(*fd_source(null).value(), 10).value().empty());
  ::close(null);
}

TEST_CASE("a descriptor closed or a socket broken while the source lives is an error, not an end") {
  std::byte room[8];
  Ends pipe = Ends::pipe();
  auto source = fd_source(pipe.fd[0]).value();
  pipe.close_end(0);
  CHECK(source->read(room, {}).error().code() == ErrorCode::invalid_argument);

  Ends sockets = Ends::sockets(SOCK_STREAM);
  auto broken = fd_source(sockets.fd[0], "peer").value();
  REQUIRE(::write(sockets.fd[0], "unread", 6) == 6);  // closing with unread bytes resets the connection
  sockets.close_end(1);
  const auto count = broken->read(room, {});
  REQUIRE_FALSE(count.has_value());
  CHECK(count.error().code() == ErrorCode::unavailable);
  CHECK(count.error().target() == "peer");
}
