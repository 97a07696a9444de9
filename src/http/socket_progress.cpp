#include "http/socket_progress.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstddef>

namespace docupilot::inline v1::http {

std::int64_t socket_progress(int fd, std::int64_t handed) noexcept {
  std::int64_t progress = handed;
  // What lies in the kernel's buffer has not moved; that it gets less is progress.
  int waiting = 0;
  if (::ioctl(fd, SIOCOUTQ, &waiting) == 0) progress -= waiting;
  tcp_info info{};
  socklen_t size = sizeof info;
  constexpr std::size_t needed = offsetof(tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && size >= needed) {
    progress += static_cast<std::int64_t>(info.tcpi_bytes_received);
  }
  return progress;
}

}  // namespace docupilot::inline v1::http
