// Rows F20, F22 and F23 of the fault matrix: clocks that are wrong, credentials and URLs that expire.

#include <docupilot/http/transport.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "faults/fault_case.h"
#include "http/refreshing_provider.h"
#include "support/http_date.h"

using namespace docupilot;
using namespace docupilot_test;
using namespace std::chrono_literals;
using docupilot::testing::RecordedRequest;
using docupilot::testing::Reply;
using docupilot::testing::Script;

namespace {

constexpr std::int64_t second = 1'000'000;  // in microseconds

/// "20250615T150640Z" as a moment.
Timestamp signed_at(std::string_view date) {
  const std::string text(date);
  REQUIRE(text.size() == 16);
  return *Timestamp::parse(text.substr(0, 4) + '-' + text.substr(4, 2) + '-' + text.substr(6, 5) + ':' +
                           text.substr(11, 2) + ':' + text.substr(13, 3));
}

Timestamp later(Timestamp time, Duration by) { return {time.microseconds + by.nanoseconds() / 1000}; }

/// A server whose clock is elsewhere, and which takes no request that is more than 15 minutes off it.
Script strict_clock(FaultCase& fault, Duration ahead, FaultCase::Fields more = {}) {
  return {.respond = [&fault, ahead, more](const RecordedRequest& request) -> Reply {
    const Timestamp now = later(fault.time.wall(), ahead);
    const std::int64_t off = signed_at(request.header("x-amz-date")).microseconds - now.microseconds;
    if (off < 900 * second && off > -900 * second) return fault.s3.answer(request);
    FaultCase::Fields headers = more;
    headers.emplace_back("Date", http_date(now));
    return FaultCase::refusal(403, "RequestTimeTooSkewed", std::move(headers));
  }};
}

/// Credentials with a number, and how often they were asked for.
class NumberedSource final : public http::CredentialSource {
 public:
  explicit NumberedSource(std::atomic<int>& fetches, int last = 1'000'000) : fetches_(fetches), last_(last) {}
  Result<http::FetchedCredentials> fetch(const Context& /*context*/) override {
    const int number = ++fetches_;
    if (number > last_) return Error(ErrorCode::unauthenticated, "there are no others").hint("log in again");
    return http::FetchedCredentials{
        .credentials = {.access_key_id = "AKIDMADEUP" + std::to_string(number),
                        .secret_access_key = Secret(FaultCase::secret_key),
                        .session_token = Secret(FaultCase::session_token + std::to_string(number)),
                        .source = "test"}};
  }

 private:
  std::atomic<int>& fetches_;
  const int last_;
};

void use_numbered(FaultCase& fault, std::atomic<int>& fetches, int last = 1'000'000) {
  fault.options.credentials = std::make_shared<http::RefreshingProvider>(
      std::make_unique<NumberedSource>(fetches, last),
      http::CredentialServices{
          .clock = &fault.time.clock(), .sleeper = &fault.time.sleeper(), .random = [] { return 0.5; }});
}

bool is_of_first(const RecordedRequest& request) {
  return request.header("x-amz-security-token") == FaultCase::session_token + std::string("1");
}

}  // namespace

TEST_CASE("F20 a clock that is off is corrected from the reply, and stays so for this store") {
  for (const Duration ahead : {Duration(1h), Duration(-1h), Duration(87'600h), Duration(-87'600h)}) {
    CAPTURE(ahead.seconds());
    FaultCase fault;
    fault.inject(strict_clock(fault, ahead), 10);
    fault.put("k", "abc", {.attempts = 2, .faults = 2});
    fault.put("k", "abcd", {.attempts = 1});
    CHECK(fault.waits().empty());
    const auto requests = fault.record().requests;
    CHECK(requests.at(0).status == 403);
    CHECK(requests.at(0).header("Authorization") != requests.at(1).header("Authorization"));
    // Presigned URLs are used by others, whose clocks are not ours: they are never shifted.
    const auto url = fault.store().presign("k");
    REQUIRE(url);
    CHECK(url->expose().find("X-Amz-Date=20250615T1506") != std::string_view::npos);
  }
}

TEST_CASE("F20 at most two corrections, and the error tells by how much the clock is off") {
  for (const unsigned attempts : {3U, 10U}) {
    FaultCase fault;
    fault.options.retry.attempts = attempts;
    for (const Duration ahead : {1h, 2h, 3h, 4h}) fault.inject(strict_clock(fault, ahead));
    fault.put("k", "abc",
              {.code = "unauthenticated",
               .says = "the clock of this machine is 10800.0 s behind",
               .attempts = 3,
               .faults = 3,
               .status = 403,
               .service_code = "RequestTimeTooSkewed"});
    CHECK(fault.waits().empty());
  }
}

TEST_CASE("F20 a reply that does not tell the time, or tells an old one, corrects nothing") {
  {
    FaultCase silent;
    silent.refuse(403, "RequestTimeTooSkewed");
    silent.put("k", "abc",
               {.code = "unauthenticated",
                .says = "does not tell the server's time",
                .status = 403,
                .service_code = "RequestTimeTooSkewed"});
  }
  FaultCase cached;
  cached.inject(strict_clock(cached, 1h, {{"Age", "12"}}));
  cached.put("k", "abc",
             {.code = "unauthenticated",
              .says = "does not tell the server's time",
              .status = 403,
              .service_code = "RequestTimeTooSkewed"});
}

TEST_CASE("F20, F21 a wrong signature is blamed on the clock only when that is more than four minutes off") {
  for (const Duration ahead : {Duration(200s), Duration(300s)}) {
    FaultCase fault;
    fault.refuse(403, "SignatureDoesNotMatch", 1, {{"Date", http_date(later(fault.time.wall(), ahead))}});
    if (ahead > Duration(240s)) fault.put("k", "abc", {.attempts = 2});
    else
      fault.put("k", "abc",
                {.code = "unauthenticated",
                 .says = "check the secret key",
                 .status = 403,
                 .service_code = "SignatureDoesNotMatch"});
  }
}

TEST_CASE("F22 credentials that expired are renewed once, and the request is signed with the new ones") {
  std::atomic<int> fetches = 0;
  FaultCase fault;
  use_numbered(fault, fetches);
  fault.refuse(400, "ExpiredToken");
  fault.put("k", pattern(10'000), {.attempts = 2});
  CHECK(fetches == 2);
  CHECK(fault.waits().empty());
  const auto requests = fault.record().requests;
  CHECK(is_of_first(requests.at(0)));
  CHECK_FALSE(is_of_first(requests.at(1)));
  CHECK(requests.at(0).header("Authorization").find("Credential=AKIDMADEUP1/") != std::string_view::npos);
  CHECK(requests.at(1).header("Authorization").find("Credential=AKIDMADEUP2/") != std::string_view::npos);
  fault.refuse(400, "ExpiredToken", 2);  // once a call
  fault.put("k", "abc",
            {.code = "unauthenticated",
             .says = "get fresh credentials",
             .attempts = 2,
             .faults = 2,
             .status = 400,
             .service_code = "ExpiredToken"});
}

TEST_CASE("F22 where there are no other credentials it ends at once") {
  {
    FaultCase same;  // always the same
    same.refuse(400, "ExpiredToken");
    same.put(
        "k", "abc",
        {.code = "unauthenticated", .says = "get fresh credentials", .status = 400, .service_code = "ExpiredToken"});
  }
  std::atomic<int> fetches = 0;
  FaultCase last;
  use_numbered(last, fetches, 1);
  last.refuse(400, "ExpiredToken");
  last.put("k", "abc",
           {.code = "unauthenticated", .says = "get fresh credentials", .status = 400, .service_code = "ExpiredToken"});
  CHECK(fetches == 2);
}

TEST_CASE("F22 in the middle of an object in parts: no part that was taken is sent again") {
  std::atomic<int> fetches = 0;
  FaultCase fault;
  use_numbered(fault, fetches);
  fault.options.part_size = std::uint64_t{5} << 20U;
  fault.options.single_put = fault.options.part_size;
  fault.inject({.respond = [&](const RecordedRequest& request) { return fault.s3.answer(request); }}, 2);
  fault.refuse(400, "ExpiredToken");
  fault.put("k", pattern(std::size_t{12} << 20U), {.attempts = 6, .faults = 3});
  std::vector<std::string> parts;
  for (const RecordedRequest& request : fault.record().requests) {
    if (request.method == "PUT") parts.push_back(request.target.substr(request.target.find("partNumber="), 12));
  }
  CHECK(parts == std::vector<std::string>{"partNumber=1", "partNumber=2", "partNumber=2", "partNumber=3"});
  CHECK(fetches == 2);
}

TEST_CASE("F22 sixty-four threads and one expired token: one renewal") {
  std::atomic<int> fetches = 0;
  FaultCase fault;
  use_numbered(fault, fetches);
  fault.server().handle([&](const RecordedRequest&) -> Script {
    return {.respond = [&](const RecordedRequest& request) {
      return is_of_first(request) ? FaultCase::refusal(400, "ExpiredToken") : fault.s3.answer(request);
    }};
  });
  S3Store& store = fault.store();
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 64; ++i) {
      threads.emplace_back([&, i] { good += put_text(store, "k" + std::to_string(i), "abc") ? 1 : 0; });
    }
  }
  CHECK(good == 64);
  CHECK(fetches == 2);  // the first, and the renewal
  int refused = 0;
  for (const RecordedRequest& request : fault.record().requests) refused += request.status == 400 ? 1 : 0;
  CHECK(refused > 0);
  CHECK(refused <= 64);
  CHECK(fault.record().requests.size() == 64 + static_cast<std::size_t>(refused));
}

TEST_CASE("F23 a presigned URL works until it expires, and then is refused in one request") {
  FaultCase fault;
  fault.s3.keep(FaultCase::path("k"), "abc");
  fault.server().handle([&](const RecordedRequest&) -> Script {
    return {.respond = [&](const RecordedRequest& request) {
      const std::string& url = request.target;
      const auto value = [&](const std::string& name) {
        const std::string from = url.substr(url.find(name + '=') + name.size() + 1);
        return from.substr(0, from.find('&'));
      };
      const Timestamp end =
          later(signed_at(value("X-Amz-Date")), std::chrono::seconds(std::stol(value("X-Amz-Expires"))));
      if (fault.time.wall() > end) return FaultCase::refusal(403, "AccessDenied");
      return Reply{.body = *fault.s3.object(url.substr(0, url.find('?')))};
    }};
  });
  const auto url = fault.store().presign("k", {.expires = 600s});
  REQUIRE(url);
  const auto transport = http::make_transport();
  const http::Request request{.url = std::string(url->expose())};
  fault.time.advance(599s);
  const auto good = transport->send(request);
  REQUIRE(good);
  CHECK(good->body == "abc");
  fault.time.advance(2s);
  const auto expired = transport->send(request);
  REQUIRE(expired);
  CHECK(expired->status == 403);
  CHECK(fault.record().requests.size() == 2);
  CHECK(http::judge_unsigned(expired, {.code = "AccessDenied"}).verdict == http::Verdict::final);
}
