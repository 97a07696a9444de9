#include "http/curl_setup.h"

#include <curl/curl.h>

#include <algorithm>

#include <docupilot/base/version.h>

#include "http/header_text.h"
#include "http/url_guard.h"

namespace docupilot::inline v1::http {

namespace {

std::optional<Error> problem_of(const TransportOptions& options) {
  const auto wrong = [](const char* what, const char* hint) {
    return Error(ErrorCode::invalid_argument, what).operation("request").hint(hint);
  };
  if (options.threads < 1 || options.threads > 64) return wrong("threads is out of range", "give 1 to 64");
  if (options.connections < 1 || options.connections > 65'536) {
    return wrong("connections is out of range", "give 1 to 65536");
  }
  if (!is_field_value(options.user_agent)) return wrong("there is a control character in user_agent", "remove it");
  if (!options.proxy.empty()) {
    const auto proxy = guard_url(options.proxy, true);
    const auto path = options.proxy.find('/', options.proxy.find("://") + 3);
    if (!proxy || proxy->secure || options.proxy.find('?') != std::string::npos ||
        (path != std::string::npos && path + 1 != options.proxy.size())) {
      return wrong("the proxy's address is wrong",
                   "write it as http://host:port; its password goes into proxy_password");
    }
  }
  const std::string_view password = options.proxy_password.expose();
  if (!is_field_value(password)) return wrong("there is a control character in proxy_password", "remove it");
  for (const std::string& host : options.no_proxy) {
    if (!is_field_value(host) || host.find(',') != std::string::npos)
      return wrong("no_proxy is wrong", "give one host an entry");
  }
  return std::nullopt;
}

}  // namespace

CurlSetup::CurlSetup(TransportOptions given) : options(std::move(given)), problem(problem_of(options)) {
  idle_connection =
      std::clamp<std::chrono::nanoseconds>(std::chrono::nanoseconds(options.idle_connection.nanoseconds()),
                                           std::chrono::nanoseconds(0), std::chrono::years(1));
  user_agent = options.user_agent.empty() ? "docupilot/" + std::string(version()) : options.user_agent;
  // What this machine calls itself means another machine to a proxy.
  no_proxy = "localhost,127.0.0.0/8,::1";
  for (const std::string& host : options.no_proxy) no_proxy += "," + host;
}

bool set_up_curl() {
  static const bool works = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return works;
}

}  // namespace docupilot::inline v1::http
