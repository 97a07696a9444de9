#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <clocale>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <docupilot/client.h>
#include <docupilot/testing/scripted_server.h>
#include <docupilot/testing/test_authority.h>

#include <doctest/doctest.h>

#include "http/process_source.h"
#include "network_seam.h"
#include "strict_s3.h"
#include "support/object_calls.h"
#include "support/temp_dir.h"

using namespace docupilot;
using namespace docupilot_test;  // NOLINT(google-build-using-namespace)
using docupilot::testing::Fault;
using docupilot::testing::RecordedRequest;
using docupilot::testing::Script;
using docupilot::testing::ScriptedServer;
using docupilot::testing::TestAuthority;

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace {

/// What belongs to the whole process, and so to the program and not to a library in it.
std::vector<std::string> belongings() {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  all.push_back("folder " + std::filesystem::current_path().string());
  const mode_t mask = ::umask(022);
  ::umask(mask);
  all.push_back("umask " + std::to_string(mask));
  for (int number = 1; number <= SIGRTMAX; ++number) {
    struct sigaction action = {};
    if (::sigaction(number, nullptr, &action) != 0) continue;
    all.push_back("signal " + std::to_string(number) + ' ' +
                  std::to_string(reinterpret_cast<std::uintptr_t>(action.sa_handler)) + ' ' +
                  std::to_string(action.sa_flags));
  }
  sigset_t blocked;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  for (int number = 1; number <= SIGRTMAX; ++number) {
    if (::sigismember(&blocked, number) == 1) all.push_back("blocked " + std::to_string(number));
  }
  for (int what = 0; what < RLIMIT_NLIMITS; ++what) {
    rlimit limit = {};
    if (::getrlimit(static_cast<__rlimit_resource>(what), &limit) == 0) {
      all.push_back("limit " + std::to_string(what) + ' ' + std::to_string(limit.rlim_cur));
    }
  }
  all.push_back(std::string("locale ") + std::setlocale(LC_ALL, nullptr));
  std::sort(all.begin(), all.end());
  return all;
}

void use_everything() {
  const TempDir dir;
  for (const bool tls : {false, true}) {
    StrictS3 s3(tls);
    ClientOptions options;
    options.registry.add_store("s3", [&](const BackendUrl&, const OpenMode&) -> Result<std::unique_ptr<ObjectStore>> {
      return std::unique_ptr<ObjectStore>(s3.open());
    });
    Config config = Config::embedded(dir / (tls ? "tls" : "plain"));
    config.store = "s3://bucket";
    auto client = Client::open(config, std::move(options)).value();
    const std::string page = dir.write(
        "page.html",
        "<title>Page</title><p>Some words to be found. The harbour is lit at dusk. Ships come home by its light.</p>");
    CHECK(client.ingest(page, {.id = "page"}));
    CHECK(client.search({.text = "words"}).value().hits.size() == 1);
    const auto summary = client.summarize("page");
    CHECK_MESSAGE(summary, summary.error().to_string());
    CHECK(client.download_file("page", dir / "copy.html"));
    CHECK(client.drain());
    CHECK(client.sweep());
    static_cast<void>(client.diagnose());
    CHECK(client.remove("page"));
  }
  // A program of the user's, which is the one thing that is ever started here.
  static_cast<void>(http::run_credential_process("p", "/bin/echo none", {}));
  static_cast<void>(http::make_transport()->send({.url = "https://name.invalid/"}));
}

}  // namespace

TEST_CASE("rule 30: environment, folder, umask, signals, limits and locale of the program are left as they are") {
  use_everything();  // once before, so that what the system's own libraries do at first is not blamed on us
  const auto before = belongings();
  CHECK(before.size() > 64);
  use_everything();
  CHECK(belongings() == before);
  CHECK(::setenv("DOCUPILOT_GUEST_TEST", "x", 1) == 0);
  CHECK(belongings() != before);  // it would have been noticed
  ::unsetenv("DOCUPILOT_GUEST_TEST");
}

TEST_CASE("rule 30: however many threads and transports begin at once, libcurl is set up once") {
  ScriptedServer server([](const RecordedRequest&) { return Script{.reply = {.body = "x"}}; });
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> all;
    for (int i = 0; i < 16; ++i) {
      all.emplace_back([&] { good += http::make_transport()->send({.url = server.url("/")}) ? 1 : 0; });
    }
  }
  CHECK(good == 16);
  CHECK(NetworkSeam::curl_set_ups() == 1);
}

TEST_CASE(
    "rule 30: connections that break while they are written to send the program no signal, with TLS and without") {
  static std::atomic<int> signals = 0;
  struct sigaction before = {};
  struct sigaction counting = {};
  counting.sa_handler = [](int) { ++signals; };
  REQUIRE(::sigaction(SIGPIPE, &counting, &before) == 0);
  const TestAuthority authority;
  const std::string body(4U << 20U, 'b');
  for (const bool tls : {false, true}) {
    docupilot::testing::ServerOptions options;
    if (tls) options.tls = authority.server();
    ScriptedServer server(
        [](const RecordedRequest&) { return Script{.faults = {Fault::reset(Fault::Place::request_body, 50'000)}}; },
        options);
    const auto transport = http::make_transport({.tls = {.ca_file = authority.root_file()}});
    for (int i = 0; i < 5; ++i) {
      CHECK_FALSE(transport->send({.method = "PUT", .url = server.url("/"), .body = as_bytes(body)}).has_value());
    }
    CHECK(server.ledger().faults_fired() == 5);
  }
  ::raise(SIGPIPE);
  REQUIRE(::sigaction(SIGPIPE, &before, nullptr) == 0);
  CHECK(signals == 1);  // the one that was raised here
}
