#include <doctest/doctest.h>

#include "http/request_check.h"

using namespace docupilot::http;

TEST_CASE("plain http goes to the host's own services, and else only where it is allowed") {
  Request request{.url = "http://169.254.169.254/latest/api/token"};
  CHECK_FALSE(check_request(request, false).has_value());
  CHECK(check_request(request, true).has_value());
  request.host_service = true;
  CHECK(check_request(request, false).has_value());
}
