#include "http/url_guard.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace docupilot;
using http::guard_url;
using http::shown_url;

TEST_CASE("a sound URL goes through byte for byte, but for the case of its scheme and host") {
  for (const std::string url :
       {"https://example.com", "https://example.com/", "https://example.com:8443/a/../b//c/./%2e%2E/%zz"}) {
    CAPTURE(url);
    const auto guarded = guard_url(url, false);
    CHECK(guarded.has_value() == !url.ends_with("%zz"));
  }
  const auto guarded = guard_url("HTTPS://Example.COM:443/a/../B//%2e/x%20y?Q=%2F&r=a+b;c&s=/?:@", false);
  REQUIRE(guarded);
  CHECK(guarded->url == "https://example.com:443/a/../B//%2e/x%20y?Q=%2F&r=a+b;c&s=/?:@");
  CHECK(guarded->host == "example.com");
  CHECK(guarded->secure);
  CHECK_FALSE(guarded->loopback);
  CHECK(guarded->target == "https://example.com:443/a/../B//%2e/x%20y");
}

TEST_CASE("hostile and careless URLs are refused") {
  const std::vector<std::string> refused = {"",
                                            "x",
                                            "/path",
                                            "//host/path",
                                            "https:/host",
                                            "https:host/path",
                                            "https://",
                                            "https:///path",
                                            "https://?q",
                                            "file:///etc/passwd",
                                            "gopher://host/",
                                            "smb://host/",
                                            "ftp://host/",
                                            "ws://host/",
                                            "javascript:alert(1)",
                                            "https ://host/",
                                            " https://host/",
                                            "https://host/ ",
                                            "https://host /",
                                            "https://ho st/",
                                            "https://host/a b",
                                            "https://user@host/",
                                            "https://user:password@host/",
                                            "https://@host/",
                                            "https://:@host/",
                                            "https://good.example@evil.example/",
                                            "https://good.example%40evil.example/",
                                            "https://evil.example\\@good.example/",
                                            "https://host/#fragment",
                                            "https://host/?q#",
                                            "https://host#@other/",
                                            "https://host:443#/",
                                            "https://host:/",
                                            "https://host:0/",
                                            "https://host:65536/",
                                            "https://host:-1/",
                                            "https://host:80:90/",
                                            "https://host:8O/",
                                            "https://host:+80/",
                                            "https://host: 80/",
                                            "https://host:000443/",
                                            "https://[::1/",
                                            "https://[::1]x/",
                                            "https://[g::1]/",
                                            "https://[::1%25eth0]/",
                                            "https://::1/",
                                            "https://host\r\nX: y/",
                                            "https://host/\r\nX: y",
                                            "https://host/a\tb",
                                            std::string("https://host/a\0b", 16),
                                            "https://host/%",
                                            "https://host/%2",
                                            "https://host/%G0",
                                            "https://host/\"",
                                            "https://host/<>",
                                            "https://host/{a}",
                                            "https://host/a|b",
                                            "https://host/a^b",
                                            "https://host/`",
                                            "https://host/a\\b",
                                            "https://host/[a]",
                                            "https://h\xC3\xB6st/",
                                            "https://host/\xC3\xB6",
                                            "https://-host/",
                                            "https://.host/",
                                            "https://a..b/",
                                            "https://ho*st/",
                                            "https://host!/",
                                            "https://0x7f000001/",
                                            "https://0x7f.1/",
                                            "https://2130706433/",
                                            "https://017700000001/",
                                            "https://127.1/",
                                            "https://127.0.0.01/",
                                            "https://127.0.0.256/",
                                            "https://1.2.3.4.5/",
                                            "https://127.0.0.1./",
                                            "https://host.0x7f/",
                                            "https://" + std::string(254, 'a') + "/",
                                            "https://host/" + std::string(70'000, 'a')};
  CHECK(refused.size() >= 40);
  for (const std::string& url : refused) {
    CAPTURE(url);
    const auto guarded = guard_url(url, true);
    REQUIRE_FALSE(guarded.has_value());
    CHECK(guarded.error().code() == ErrorCode::invalid_argument);
    CHECK(guarded.error().hint() != "");
    CHECK(guarded.error().to_string().find("password@") == std::string::npos);
  }
}

TEST_CASE("without TLS only this machine is reached, unless that is allowed") {
  for (const std::string local : {"http://localhost/", "http://LOCALHOST:9000/a", "http://127.0.0.1:80/",
                                  "http://[::1]:1/", "http://127.255.255.254/", "http://bucket.localhost:9000/"}) {
    CAPTURE(local);
    const auto guarded = guard_url(local, false);
    REQUIRE(guarded);
    CHECK(guarded->loopback);
    CHECK_FALSE(guarded->secure);
  }
  for (const std::string remote : {"http://example.com/", "http://10.0.0.1/", "http://128.0.0.1/", "http://[::2]/",
                                   "http://localhost.example.com/", "http://notlocalhost/",
                                   "http://127.0.0.1.example.com/", "http://[::ffff:127.0.0.1]/"}) {
    CAPTURE(remote);
    const auto guarded = guard_url(remote, false);
    REQUIRE_FALSE(guarded.has_value());
    CHECK(guarded.error().message().find("without TLS") == 0);
    CHECK(guard_url(remote, true).has_value());
  }
}

TEST_CASE("what is shown of a URL holds no query, user or password") {
  CHECK(shown_url("https://host/a/b?X-Amz-Signature=secret#x") == "https://host/a/b");
  CHECK(shown_url("https://user:password@host:1/a@b?c") == "https://host:1/a@b");
  CHECK(shown_url("user:password@host") == "host");
  CHECK(shown_url("") == "");
}
