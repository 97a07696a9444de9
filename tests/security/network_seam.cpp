#include "network_seam.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace docupilot_test {

namespace {

std::atomic<int> curl_global_inits = 0;

template <class Function>
Function* system_function(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

NetworkSeam& NetworkSeam::get() {
  static NetworkSeam seam;
  return seam;
}

void NetworkSeam::resolve(const std::string& name, std::deque<std::string> addresses) {
  const std::lock_guard lock(mutex_);
  names_[name] = std::move(addresses);
}

void NetworkSeam::lead_home(const std::string& address) {
  const std::lock_guard lock(mutex_);
  homes_.insert(address);
}

void NetworkSeam::reset() {
  const std::lock_guard lock(mutex_);
  names_.clear();
  homes_.clear();
  left_.clear();
  lookups_ = 0;
}

std::size_t NetworkSeam::lookups() const {
  const std::lock_guard lock(mutex_);
  return lookups_;
}

std::vector<std::string> NetworkSeam::left() const {
  const std::lock_guard lock(mutex_);
  return left_;
}

int NetworkSeam::curl_set_ups() { return curl_global_inits; }

std::string NetworkSeam::next_address(const std::string& name) {
  const std::lock_guard lock(mutex_);
  ++lookups_;
  const auto found = names_.find(name);
  if (found == names_.end() || found->second.empty()) return {};
  std::string address = found->second.front();
  if (found->second.size() > 1) found->second.pop_front();
  return address;
}

bool NetworkSeam::leads_home(const std::string& address) {
  const std::lock_guard lock(mutex_);
  left_.push_back(address);
  return homes_.contains(address);
}

}  // namespace docupilot_test

using docupilot_test::NetworkSeam;

// The program's own definitions come before those of the shared libraries, libcurl's calls included.
extern "C" {

int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** result) {
  static auto* const real = docupilot_test::system_function<decltype(getaddrinfo)>("getaddrinfo");
  const std::string address = name == nullptr ? std::string() : NetworkSeam::get().next_address(name);
  return real(address.empty() ? name : address.c_str(), service, hints, result);
}

int connect(int fd, const sockaddr* address, socklen_t length) {
  static auto* const real = docupilot_test::system_function<decltype(connect)>("connect");
  char text[INET6_ADDRSTRLEN] = {};
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    if (ntohl(v4.sin_addr.s_addr) >> 24U == 127) return real(fd, address, length);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    if (NetworkSeam::get().leads_home(text)) {
      v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      return real(fd, reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
    }
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    if (IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr)) return real(fd, address, length);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    static_cast<void>(NetworkSeam::get().leads_home(text));
  } else {
    return real(fd, address, length);
  }
  errno = ECONNREFUSED;  // nothing leaves this machine
  return -1;
}

CURLcode curl_global_init(long flags) {
  static auto* const real = docupilot_test::system_function<CURLcode(long)>("curl_global_init");
  ++docupilot_test::curl_global_inits;
  return real(flags);
}
}
