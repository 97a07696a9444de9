#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <docupilot/http/credentials.h>
#include <docupilot/testing/scripted_server.h>

#include <doctest/doctest.h>

#include "crypto/random.h"
#include "http/refreshing_provider.h"
#include "http/sleeper.h"
#include "network_seam.h"
#include "support/child_process.h"
#include "support/source_folder.h"
#include "support/virtual_time.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using docupilot::testing::Fault;
using docupilot::testing::RecordedRequest;
using docupilot::testing::Script;
using docupilot::testing::ScriptedServer;

namespace {

http::AwsEnvironment environment_of(const std::map<std::string, std::string>& variables) {
  http::AwsEnvironment environment;
  environment.variable = [variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(std::string(name));
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  return environment;
}

/// Numbered credentials of a short life, after a moment on the network.
class NumberedSource final : public http::CredentialSource {
 public:
  explicit NumberedSource(VirtualTime& time) : time_(time) {}
  Result<http::FetchedCredentials> fetch(const Context&) override {
    most_at_once = std::max<int>(most_at_once, ++under_way);
    std::this_thread::yield();
    const std::string number = std::to_string(++fetches);
    --under_way;
    return http::FetchedCredentials{
        .credentials = {.access_key_id = "AKID" + number,
                        .secret_access_key = Secret("secret which is longer than what fits inside, " + number),
                        .session_token = Secret("token which is longer than what fits inside, " + number),
                        .expires = Timestamp{time_.wall().microseconds + 2'000'000},
                        .source = "test"}};
  }
  std::atomic<int> fetches = 0;
  std::atomic<int> under_way = 0;
  std::atomic<int> most_at_once = 0;

 private:
  VirtualTime& time_;
};

bool fit_together(const http::Credentials& found) {
  const std::string number = found.access_key_id.substr(4);
  return found.secret_access_key.expose().ends_with(", " + number) &&
         found.session_token.expose().ends_with(", " + number);
}

}  // namespace

TEST_CASE("rule 20: instance metadata is asked with a token, past any proxy, and never in the old way") {
  const SeamGuard seam;
  NetworkSeam::get().resolve("imds.example", {"127.0.0.1"});
  ScriptedServer proxy;
  ScriptedServer other;
  for (const int status : {301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 500}) {
    CAPTURE(status);
    ScriptedServer imds([&](const RecordedRequest&) {
      return Script{.reply = {.status = status, .headers = {{"Location", other.url("/latest/api/token")}}}};
    });
    const std::shared_ptr<http::Transport> transport = http::make_transport({.proxy = proxy.url()});
    const auto environment =
        environment_of({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://imds.example:" + std::to_string(imds.port())}});
    CHECK_FALSE(http::aws_credentials(transport, environment)->get().has_value());
    const auto requests = imds.ledger().snapshot().requests;
    REQUIRE(requests.size() == 1);
    CHECK(requests[0].method == "PUT");
    CHECK(requests[0].target == "/latest/api/token");
    CHECK(requests[0].header("X-Forwarded-For").empty());
  }
  CHECK(proxy.ledger().snapshot().connections.empty());
  CHECK(other.ledger().snapshot().connections.empty());
}

TEST_CASE("rule 20: instance metadata that hangs is left after a second, and when it is disabled nothing is asked") {
  ScriptedServer imds([](const RecordedRequest&) { return Script{.faults = {Fault::stall(Fault::Place::reply, 0)}}; });
  const std::shared_ptr<http::Transport> transport = http::make_transport();
  std::map<std::string, std::string> variables{{"AWS_EC2_METADATA_SERVICE_ENDPOINT", imds.url()},
                                               {"AWS_EC2_METADATA_DISABLED", "true"}};
  const auto disabled = http::aws_credentials(transport, environment_of(variables))->get();
  REQUIRE_FALSE(disabled.has_value());
  CHECK(imds.ledger().snapshot().connections.empty());
  variables.erase("AWS_EC2_METADATA_DISABLED");
  const auto begun = std::chrono::steady_clock::now();
  const auto hung = http::aws_credentials(transport, environment_of(variables))->get();
  const auto took = std::chrono::steady_clock::now() - begun;
  REQUIRE_FALSE(hung.has_value());
  CHECK(hung.error().hint().find("hop limit") != std::string::npos);
  CHECK(took >= 1s);
  CHECK(took < 10s);  // and not the 20 s that other requests may stall, nor three attempts
  CHECK(imds.ledger().snapshot().requests.size() == 1);
  CHECK(imds.ledger().faults_fired() == 1);
}

TEST_CASE("rule 22: 64 threads read credentials that change all the time, and never half of one") {
  constexpr int threads = 64;
  constexpr int reads_a_thread = 100'000;
  VirtualTime time;
  auto owned = std::make_unique<NumberedSource>(time);
  NumberedSource& source = *owned;
  http::RefreshingProvider provider(
      std::move(owned),
      {.transport = nullptr, .clock = &time.clock(), .sleeper = &time.sleeper(), .random = [] { return 0.5; }});
  std::atomic<std::int64_t> reads = 0;
  std::atomic<int> torn = 0;
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> all;
    for (int i = 0; i < threads; ++i) {
      all.emplace_back([&, i] {
        for (int n = 0; n < reads_a_thread; ++n) {
          const auto found = provider.get({});
          if (!found) ++failed;
          else if (!fit_together(**found)) ++torn;
          if (i == 0 && n % 50 == 0) time.advance(Duration(1s));
          if (i == 1 && n % 500 == 0 && found) provider.invalidate(**found);
        }
        reads += reads_a_thread;
      });
    }
  }
  CHECK(reads == std::int64_t{threads} * reads_a_thread);
  CHECK(torn == 0);
  CHECK(failed == 0);
  CHECK(source.most_at_once == 1);
  CHECK(source.fetches > 100);
}

TEST_CASE("rule 23: ids, marks and delays of processes that were forked from one another differ") {
  static_cast<void>(crypto::random_hex(32));  // what there is of a state, the children begin with
  static_cast<void>(crypto::random_part());
  const auto draw = [] {
    std::ostringstream text;
    text.precision(17);
    text << crypto::random_hex(32) << ' ' << crypto::random_part();
    return text.str();
  };
  std::set<std::string> ids, parts;
  const auto keep = [&](const std::string& drawn) {
    ids.insert(drawn.substr(0, 32));
    parts.insert(drawn.substr(33));
  };
  for (int i = 0; i < 16; ++i) keep(ChildProcess([&](const ChildProcess::Tell& tell) { tell(draw()); }).finish());
  keep(draw());
  CHECK(ids.size() == 17);
  CHECK(parts.size() == 17);
  for (const std::string& part : parts) {
    CHECK(std::stod(part) >= 0);
    CHECK(std::stod(part) < 1);
  }
}

TEST_CASE("rule 23: the library has one source of chance, and compares bytes in place only where nothing is secret") {
  const std::filesystem::path root = std::filesystem::path(source_folder()) / "src";
  const std::regex chance(
      R"(\b(s?rand|rand_r|random|srandom|[delmn]rand48)\(|mt19937|minstd_rand|random_device|RAND_bytes)");
  const std::regex compare(R"(\bmemcmp\()");
  std::set<std::string> chancy, comparing;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
    ++files;
    std::ifstream in(entry.path());
    const std::string name = entry.path().lexically_relative(root).string();
    for (std::string line; std::getline(in, line);) {
      line.resize(std::min(line.find("//"), line.size()));
      if (line.find("options_.random(") != std::string::npos) continue;  // handed in; by itself crypto::random_part
      if (std::regex_search(line, chance)) chancy.insert(name);
      if (std::regex_search(line, compare)) comparing.insert(name);
    }
  }
  CHECK(files > 300);
  CHECK(chancy == std::set<std::string>{"crypto/random.cpp"});
  CHECK(comparing == std::set<std::string>{"http/container_source.cpp"});  // addresses
}
