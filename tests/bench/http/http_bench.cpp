// What a request costs: processor time and allocations of a signed PUT of 64 KiB, against a program that does nothing
// but that on a bare socket (floor.h). Contenders take turns; the score is the median of paired ratios.
//
//   http_bench [--requests N] [--rounds N] [--json FILE]
//
// The server is a process of its own (sink.h), on another processor where there are two. What the loopback makes the
// sender do of the receiver's work is in all figures alike. It uses the libcurl the loader finds: LD_LIBRARY_PATH puts
// another one under it.

#include <curl/curl.h>
#include <docupilot/http/credentials.h>
#include <docupilot/store/s3_store.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <future>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bench/support/malloc_count.h"
#include "bench/support/quiet_network.h"
#include "floor.h"
#include "http/sigv4.h"
#include "sink.h"

namespace {

namespace http = docupilot::http;
using docupilot::Result;
using docupilot::Timestamp;

constexpr std::size_t body_size = std::size_t{64} << 10U;
constexpr std::size_t in_flight = 16;

struct Settings {
  std::size_t requests = 1'000;
  int rounds = 40;
  std::string json;
};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "http_bench: %s\n", what.c_str());
  std::exit(1);
}

void require(bool good, const char* what) {
  if (!good) fail(what);
}

double processor_seconds() {
  std::timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

std::string name_of(std::size_t number) { return "object-" + std::to_string(number); }

/// What all contenders send, and where.
struct Task {
  std::uint16_t port = 0;
  Floor::Key key = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
  std::string body;

  Task() : body(body_size, '\0') {
    std::mt19937_64 random(1);
    for (char& c : body) c = static_cast<char>(random());
  }
  [[nodiscard]] std::string base() const { return "http://127.0.0.1:" + std::to_string(port); }
  [[nodiscard]] http::Credentials credentials() const {
    http::Credentials made;
    made.access_key_id = key.id;
    made.secret_access_key = docupilot::Secret(key.secret);
    return made;
  }
};

/// Our transport, with requests signed by our signer.
class Client {
 public:
  explicit Client(const Task& task) : task_(task), credentials_(task.credentials()) {}

  [[nodiscard]] http::Request signed_request(std::size_t number, Timestamp time) {
    http::Request request{.method = "PUT", .url = task_.base() + "/bucket/" + name_of(number)};
    request.headers.add("content-type", "application/octet-stream");
    request.body = docupilot::as_bytes(task_.body);
    request.identity = credentials_.access_key_id;
    require(signer_.sign(request, credentials_, time, http::unsigned_payload).has_value(), "cannot sign");
    return request;
  }

  void one_by_one(std::size_t requests) {
    for (std::size_t i = 0; i < requests; ++i) {
      const auto reply = transport_->send(signed_request(i, Timestamp::now()));
      if (!reply || reply->status != 200) fail(reply ? "a request was refused" : reply.error().to_string());
    }
  }

  /// Always several under way, each started by the end of another, as a program that is driven by events does it.
  void many_at_once(std::size_t requests) {
    std::atomic<std::size_t> next = 0;
    std::atomic<std::size_t> ended = 0;
    std::promise<void> all;
    const std::function<void()> start_next = [&] {
      const std::size_t number = next++;
      if (number >= requests) return;
      transport_->start(signed_request(number, Timestamp::now()), [&](const Result<http::Response>& reply) {
        if (!reply || reply->status != 200) fail(reply ? "a request was refused" : reply.error().to_string());
        start_next();
        if (++ended == requests) all.set_value();
      });
    };
    for (std::size_t i = 0; i < in_flight; ++i) start_next();
    all.get_future().wait();
  }

 private:
  const Task& task_;
  const http::Credentials credentials_;
  http::Signer signer_{"s3", "us-east-1"};
  std::unique_ptr<http::Transport> transport_ = http::make_transport({.user_agent = "docupilot/0.0.0"});
};

std::unique_ptr<docupilot::S3Store> open_store(const Task& task) {
  docupilot::S3Options options;
  options.bucket = "bucket";
  options.region = "us-east-1";
  options.endpoint = task.base();
  options.checksums = docupilot::S3Checksums::when_supported;
  options.credentials = http::static_credentials(task.credentials());
  return docupilot::open_s3_store(std::move(options)).value();
}

void put_all(docupilot::S3Store& store, const Task& task, std::size_t requests) {
  for (std::size_t i = 0; i < requests; ++i) {
    docupilot::MemoryReader body(docupilot::as_bytes(task.body));
    const auto put = store.put(name_of(i), body);
    if (!put) fail(put.error().to_string());
  }
}

void put_all(Floor& floor, const Task& task, std::size_t requests) {
  for (std::size_t i = 0; i < requests; ++i) require(floor.put(name_of(i), task.body), "the floor was refused");
}

/// Whether the floor and we sign alike; else one of them would do less than it should.
void compare_signatures(Floor& floor, Client& client, const Task& task) {
  const Timestamp time{1'369'353'600'000'000};
  const std::string head = floor.head(name_of(7), task.body, time.microseconds / 1'000'000);
  const http::Request request = client.signed_request(7, time);
  require(head.find(request.headers.get("authorization")) != std::string::npos, "the signatures differ");
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

double part_of(std::vector<double> values, double part) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

struct Contender {
  const char* name;
  std::size_t floor;  // which of them it is measured by
  std::function<void(std::size_t)> run;
  std::vector<double> seconds = {};
  double mallocs = 0;
};

std::string text(const char* format, double value) {
  char line[64];
  std::snprintf(line, sizeof line, format, value);
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--requests") settings.requests = std::stoul(argv[i + 1]);
    else if (flag == "--rounds") settings.rounds = std::stoi(argv[i + 1]);
    else if (flag == "--json") settings.json = argv[i + 1];
    else fail("unknown option " + flag);
  }
  const std::string control = enter_quiet_network();
  const bool apart = std::thread::hardware_concurrency() > 1;
  const Sink sink(apart ? 1 : -1);
  keep_to_processor(apart ? 0 : -1);
  Task task;
  task.port = sink.port();

  Floor floor(task.port, task.key, false);
  Floor hashing_floor(task.port, task.key, true);
  Client client(task);
  const auto store = open_store(task);
  compare_signatures(floor, client, task);
  std::vector<Contender> contenders = {
      {"floor: bare socket", 0, [&](std::size_t n) { put_all(floor, task, n); }},
      {"Transport::send, one by one", 0, [&](std::size_t n) { client.one_by_one(n); }},
      {"Transport::start, 16 at once", 0, [&](std::size_t n) { client.many_at_once(n); }},
      {"floor: with SHA-256 and CRC", 3, [&](std::size_t n) { put_all(hashing_floor, task, n); }},
      {"S3Store::put, one by one", 3, [&](std::size_t n) { put_all(*store, task, n); }},
  };

  for (Contender& contender : contenders) {  // which also warms up
    contender.run(settings.requests / 10 + in_flight);
    malloc_count::start();
    contender.run(settings.requests);
    contender.mallocs = static_cast<double>(malloc_count::stop()) / static_cast<double>(settings.requests);
  }
  for (int round = 0; round < settings.rounds; ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {  // each begins in turn
      Contender& contender = contenders[(i + static_cast<std::size_t>(round)) % contenders.size()];
      const double before = processor_seconds();
      contender.run(settings.requests);
      contender.seconds.push_back((processor_seconds() - before) / static_cast<double>(settings.requests));
    }
  }

  std::printf("%s, %s\n%zu requests of %zu bytes, %d rounds, medians\n%-30s %10s %9s %17s %9s\n", curl_version(),
              control.c_str(), settings.requests, body_size, settings.rounds, "", "us of CPU", "x floor", "p10 - p90",
              "mallocs");
  std::string json = R"({"bench":"http","libcurl":")" + std::string(curl_version_info(CURLVERSION_NOW)->version) +
                     R"(","requests":)" + std::to_string(settings.requests) + R"(,"rounds":)" +
                     std::to_string(settings.rounds) + R"(,"congestion_control":")" + control + R"(","contenders":[)";
  for (const Contender& contender : contenders) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < contender.seconds.size(); ++i) {
      ratios.push_back(contender.seconds[i] / contenders[contender.floor].seconds[i]);
    }
    const double microseconds = median(contender.seconds) * 1e6;
    std::printf("%-30s %10.1f %8.2fx %8.2f - %5.2f %10.1f\n", contender.name, microseconds, median(ratios),
                part_of(ratios, 0.1), part_of(ratios, 0.9), contender.mallocs);
    if (&contender != contenders.data()) json += ',';
    json += R"({"name":")" + std::string(contender.name) + R"(","microseconds":)" + text("%.2f", microseconds) +
            R"(,"ratio":)" + text("%.4f", median(ratios)) + R"(,"ratio_p10":)" + text("%.4f", part_of(ratios, 0.1)) +
            R"(,"ratio_p90":)" + text("%.4f", part_of(ratios, 0.9)) + R"(,"mallocs":)" +
            text("%.2f", contender.mallocs) + '}';
  }
  if (!settings.json.empty()) std::ofstream(settings.json) << json << "]}\n";
  return 0;
}
