#include "sink.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\nServer: sink\r\nDate: Fri, 24 May 2013 00:00:00 GMT\r\n"
    "ETag: \"9bb58f26192e4ba00f01e2e7b136bbd8\"\r\nx-amz-request-id: 0123456789ABCDEF\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

bool say(int fd, std::string_view text) {
  return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

// The length that a head announces; -1 for none. Clients here spell the name this way.
long length_of(std::string_view head) {
  constexpr std::string_view name = "\r\nContent-Length: ";
  const std::size_t at = head.find(name);
  long length = -1;
  if (at == std::string_view::npos) return length;
  std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
  return length;
}

void serve(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::vector<char> buffer(std::size_t{256} << 10U);
  std::size_t filled = 0;
  for (;;) {
    const std::string_view text(buffer.data(), filled);
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) {
      const ssize_t more = ::recv(fd, buffer.data() + filled, buffer.size() - filled, 0);
      if (more <= 0) break;
      filled += static_cast<std::size_t>(more);
      continue;
    }
    long length = length_of(text.substr(0, end + 2));
    if (length < 0) {
      say(fd, refusal);
      break;
    }
    const std::size_t head = end + 4;
    const std::size_t here = std::min(static_cast<std::size_t>(length), filled - head);
    std::copy(buffer.begin() + static_cast<long>(head + here), buffer.begin() + static_cast<long>(filled),
              buffer.begin());
    filled -= head + here;
    length -= static_cast<long>(here);
    while (length > 0) {  // MSG_TRUNC: thrown away in the kernel
      const ssize_t gone = ::recv(fd, nullptr, static_cast<std::size_t>(length), MSG_TRUNC);
      if (gone <= 0) break;
      length -= gone;
    }
    if (length > 0 || !say(fd, answer)) break;
  }
  ::close(fd);
}

[[noreturn]] void run(int listener, pid_t parent, int processor) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "sink");  // to be told apart in a profile
  if (::getppid() != parent) std::_Exit(1);
  keep_to_processor(processor);
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) std::thread(serve, fd).detach();
    else if (errno != EINTR && errno != ECONNABORTED) std::_Exit(1);
  }
}

}  // namespace

void keep_to_processor(int processor) {
  if (processor < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(processor), &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

Sink::Sink(int processor) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 128) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("http_bench: the sink cannot listen");
    std::exit(1);
  }
  port_ = ntohs(address.sin_port);
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ == 0) run(listener, parent, processor);
  ::close(listener);
}

Sink::~Sink() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}
