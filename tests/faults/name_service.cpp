#include "faults/name_service.h"

#include <atomic>
#include <string_view>

#include <dlfcn.h>
#include <netdb.h>

namespace docupilot_test {

namespace {
std::atomic<int> failures = 0;
std::atomic<int> asked = 0;
}  // namespace

void NameService::fail(int times) {
  failures = times;
  asked = 0;
}

int NameService::lookups() { return asked; }

}  // namespace docupilot_test

// libcurl, which is linked dynamically, finds this one before that of the C library.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** result) {
  using Real = int(const char*, const char*, const addrinfo*, addrinfo**);
  static auto* const real = reinterpret_cast<Real*>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  if (node == nullptr || !std::string_view(node).ends_with(".faults.test")) return real(node, service, hints, result);
  ++docupilot_test::asked;
  if (docupilot_test::failures.fetch_sub(1) > 0) return EAI_AGAIN;
  return real("127.0.0.1", service, hints, result);
}
