#include "http/refreshing_provider.h"

#include <doctest/doctest.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <functional>
#include <latch>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "support/virtual_time.h"

using namespace docupilot;
using namespace docupilot::http;
using namespace docupilot_test;
using namespace std::chrono_literals;

namespace {

/// Gives numbered credentials, or what the test wants.
class ScriptedSource final : public CredentialSource {
 public:
  explicit ScriptedSource(std::function<Result<FetchedCredentials>(int fetch, const Context&)> give)
      : give_(std::move(give)) {}
  Result<FetchedCredentials> fetch(const Context& context) override { return give_(++fetches, context); }
  std::atomic<int> fetches = 0;

 private:
  std::function<Result<FetchedCredentials>(int, const Context&)> give_;
};

Credentials numbered(int number, std::optional<Timestamp> expires) {
  const std::string n = std::to_string(number);
  return {.access_key_id = "AKID" + n,
          .secret_access_key = Secret("secret" + n),
          .session_token = Secret("token" + n),
          .expires = expires,
          .source = "test"};
}

struct Bench {
  VirtualTime time;
  Duration life = Duration(3600s);
  std::optional<Error> fails = {};
  bool outlives = false;
  ScriptedSource* source = nullptr;
  std::unique_ptr<RefreshingProvider> provider;

  Timestamp in(Duration length) const { return {time.wall().microseconds + length.nanoseconds() / 1000}; }
  RefreshingProvider& get(std::function<Result<FetchedCredentials>(int, const Context&)> give = {}) {
    if (provider) return *provider;
    if (!give) {
      give = [this](int fetch, const Context&) -> Result<FetchedCredentials> {
        if (fails) return *fails;
        return FetchedCredentials{.credentials = numbered(fetch, in(life)), .outlives_expiry = outlives};
      };
    }
    auto owned = std::make_unique<ScriptedSource>(std::move(give));
    source = owned.get();
    provider = std::make_unique<RefreshingProvider>(
        std::move(owned),
        CredentialServices{.clock = &time.clock(), .sleeper = &time.sleeper(), .random = [] { return 0.5; }});
    return *provider;
  }
  std::string key() {
    const auto found = get().get({});
    return found ? (*found)->access_key_id : std::string(to_string(found.error().code()));
  }
};

}  // namespace

TEST_CASE("credentials are fetched with the first call, and not again while they hold") {
  Bench bench;
  bench.get();
  CHECK(bench.source->fetches == 0);
  CHECK(bench.key() == "AKID1");
  bench.time.advance(Duration(44min + 59s));
  CHECK(bench.key() == "AKID1");
  CHECK(bench.source->fetches == 1);
}

TEST_CASE("they are fetched anew 5, 15 or 60 minutes before they expire, by how long they live") {
  for (const auto& [life, window] : {std::pair{Duration(15min), Duration(5min)},
                                     {Duration(59min), Duration(5min)},
                                     {Duration(60min), Duration(15min)},
                                     {Duration(359min), Duration(15min)},
                                     {Duration(6h), Duration(60min)},
                                     {Duration(12h), Duration(60min)},
                                     {Duration(4min), Duration(2min)}}) {
    CAPTURE(life.seconds());
    Bench bench;
    bench.life = life;
    REQUIRE(bench.key() == "AKID1");
    bench.time.advance(Duration(life.nanoseconds() - window.nanoseconds() - 1'000'000));
    CHECK(bench.key() == "AKID1");
    bench.time.advance(Duration(1ms));
    CHECK(bench.key() == "AKID2");
    CHECK(bench.source->fetches == 2);
  }
}

TEST_CASE("credentials without an expiry are never fetched anew") {
  Bench bench;
  bench.get([](int fetch, const Context&) -> Result<FetchedCredentials> {
    return FetchedCredentials{.credentials = numbered(fetch, std::nullopt)};
  });
  CHECK(bench.key() == "AKID1");
  bench.time.advance(Duration(24h * 10'000));
  CHECK(bench.key() == "AKID1");
}

TEST_CASE("a failed fetch keeps the old credentials while they hold, and is tried again at growing intervals") {
  Bench bench;
  REQUIRE(bench.key() == "AKID1");
  bench.fails = Error(ErrorCode::unavailable, "no answer");
  bench.time.advance(Duration(45min));
  int fetches = 1;
  for (const Duration wait :
       {Duration(5s), Duration(10s), Duration(20s), Duration(40s), Duration(60s), Duration(60s)}) {
    CHECK(bench.key() == "AKID1");
    CHECK(bench.source->fetches == ++fetches);
    bench.time.advance(Duration(wait.nanoseconds() - 1'000'000));
    CHECK(bench.key() == "AKID1");
    CHECK(bench.source->fetches == fetches);
    bench.time.advance(Duration(1ms));
  }
  bench.fails.reset();
  CHECK(bench.key() == "AKID" + std::to_string(fetches + 1));
}

TEST_CASE("once the old ones have expired the error comes, and is kept for 5 s") {
  Bench bench;
  REQUIRE(bench.key() == "AKID1");
  bench.fails = Error(ErrorCode::unauthenticated, "refused");
  bench.time.advance(Duration(60min));
  CHECK(bench.key() == "unauthenticated");
  CHECK(bench.key() == "unauthenticated");
  CHECK(bench.source->fetches == 2);
  bench.time.advance(Duration(4'999ms));
  CHECK(bench.key() == "unauthenticated");
  CHECK(bench.source->fetches == 2);
  bench.time.advance(Duration(1ms));
  bench.fails.reset();
  CHECK(bench.key() == "AKID3");
}

TEST_CASE("instance metadata's credentials are used past their expiry while no others can be had") {
  Bench bench;
  bench.outlives = true;
  REQUIRE(bench.key() == "AKID1");
  bench.fails = Error(ErrorCode::not_found, "it does not answer");
  bench.time.advance(Duration(61min));
  CHECK(bench.key() == "AKID1");
  CHECK(bench.source->fetches == 2);
  bench.time.advance(Duration(10min - 1ms));  // the middle of 5 to 15 minutes
  CHECK(bench.key() == "AKID1");
  CHECK(bench.source->fetches == 2);
  bench.time.advance(Duration(1ms));
  bench.fails.reset();
  CHECK(bench.key() == "AKID3");
}

TEST_CASE("expired credentials from instance metadata are taken, and asked for again in 5 to 15 minutes") {
  Bench bench;
  bench.outlives = true;
  bench.life = Duration(-1h);
  CHECK(bench.key() == "AKID1");
  CHECK(bench.key() == "AKID1");
  bench.time.advance(Duration(10min));
  CHECK(bench.key() == "AKID2");
}

TEST_CASE("expired credentials from elsewhere are an error") {
  Bench bench;
  bench.life = Duration(-1s);
  CHECK(bench.key() == "unauthenticated");
}

TEST_CASE("a jump of the wall clock does not stop the retries") {
  Bench bench;
  REQUIRE(bench.key() == "AKID1");
  bench.fails = Error(ErrorCode::unavailable, "no answer");
  bench.time.advance(Duration(45min));
  REQUIRE(bench.key() == "AKID1");
  bench.time.jump(Duration(-10s));
  bench.fails.reset();
  bench.time.advance(Duration(10s));
  CHECK(bench.key() == "AKID3");
}

TEST_CASE("credentials that the service refused are not given again") {
  Bench bench;
  const auto first = bench.get().get({}).value();
  bench.provider->invalidate(*first);
  CHECK(bench.key() == "AKID2");
  bench.provider->invalidate(*first);  // others are held already
  CHECK(bench.key() == "AKID2");
  CHECK(bench.source->fetches == 2);

  bench.provider->invalidate(*bench.provider->get({}).value());
  bench.fails = Error(ErrorCode::unauthenticated, "refused");
  CHECK(bench.key() == "unauthenticated");
  bench.time.advance(Duration(5s));
  bench.fails.reset();
  CHECK(bench.key() == "AKID4");
}

TEST_CASE("a caller that has to end takes nobody with it") {
  Bench bench;
  std::stop_source stop;
  bench.get([&](int fetch, const Context& context) -> Result<FetchedCredentials> {
    if (fetch == 1) {
      stop.request_stop();
      return Error(context.check("fetch").error());
    }
    return FetchedCredentials{.credentials = numbered(fetch, bench.in(Duration(1h)))};
  });
  const auto ended = bench.provider->get({.stop = stop.get_token()});
  REQUIRE_FALSE(ended.has_value());
  CHECK(ended.error().code() == ErrorCode::cancelled);
  CHECK(bench.key() == "AKID2");
}

TEST_CASE("who waits for another's fetch can be stopped") {
  Bench bench;
  std::latch fetching(1);
  std::latch go_on(1);
  bench.get([&](int fetch, const Context&) -> Result<FetchedCredentials> {
    fetching.count_down();
    go_on.wait();
    return FetchedCredentials{.credentials = numbered(fetch, std::nullopt)};
  });
  std::jthread first([&] { CHECK(bench.provider->get({}).has_value()); });
  fetching.wait();
  std::stop_source stop;
  stop.request_stop();
  CHECK(bench.provider->get({.stop = stop.get_token()}).error().code() == ErrorCode::cancelled);
  CHECK(bench.provider->get({.deadline = Deadline::after(1ms)}).error().code() == ErrorCode::timeout);
  go_on.count_down();
}

TEST_CASE("64 threads and an expiring token: one refresh, and nobody waits for it") {
  constexpr int threads = 64;
  Bench bench;
  std::latch others_are_served(threads - 1);
  bench.get([&](int fetch, const Context&) -> Result<FetchedCredentials> {
    // The refresh ends only once all the others have had their answer: they cannot have waited for it.
    if (fetch == 2) others_are_served.wait();
    return FetchedCredentials{.credentials = numbered(fetch, bench.in(Duration(1h)))};
  });
  REQUIRE(bench.key() == "AKID1");
  bench.time.advance(Duration(50min));
  std::barrier begin(threads);
  std::atomic<int> old_ones = 0, new_ones = 0;
  {
    std::vector<std::jthread> all;
    for (int i = 0; i < threads; ++i) {
      all.emplace_back([&] {
        begin.arrive_and_wait();
        const auto found = bench.provider->get({});
        if (found && (*found)->access_key_id == "AKID2") ++new_ones;
        else if (found && (*found)->access_key_id == "AKID1") {
          ++old_ones;
          others_are_served.count_down();
        }
      });
    }
  }
  CHECK(bench.source->fetches == 2);
  CHECK(new_ones == 1);
  CHECK(old_ones == threads - 1);
}

TEST_CASE("64 threads without credentials: one fetch serves all, and its failure as well") {
  for (const bool good : {true, false}) {
    CAPTURE(good);
    constexpr int threads = 64;
    Bench bench;
    std::latch begun(threads);
    bench.get([&](int fetch, const Context&) -> Result<FetchedCredentials> {
      begun.wait();
      if (!good) return Error(ErrorCode::unauthenticated, "refused");
      return FetchedCredentials{.credentials = numbered(fetch, bench.in(Duration(1h)))};
    });
    std::atomic<int> as_expected = 0;
    {
      std::vector<std::jthread> all;
      for (int i = 0; i < threads; ++i) {
        all.emplace_back([&] {
          begun.count_down();
          as_expected += bench.key() == (good ? "AKID1" : "unauthenticated") ? 1 : 0;
        });
      }
    }
    CHECK(as_expected == threads);
    CHECK(bench.source->fetches == 1);
  }
}

TEST_CASE("readers never see half a credential while it changes") {
  constexpr int threads = 64;
  constexpr int reads = 2'000;
  Bench bench;
  bench.life = Duration(2s);
  bench.get();
  std::atomic<int> torn = 0;
  {
    std::vector<std::jthread> all;
    for (int i = 0; i < threads; ++i) {
      all.emplace_back([&, i] {
        for (int j = 0; j < reads; ++j) {
          const auto found = bench.provider->get({});
          if (!found) {
            ++torn;
            continue;
          }
          const std::string number = (*found)->access_key_id.substr(4);
          torn += (*found)->secret_access_key.expose() != "secret" + number ||
                          (*found)->session_token.expose() != "token" + number
                      ? 1
                      : 0;
          if (i == 0 && j % 10 == 0) bench.time.advance(Duration(1s));
          if (i == 1 && j % 100 == 0) bench.provider->invalidate(**found);
        }
      });
    }
  }
  // Credentials that came and expired within one call are no torn ones, but time moves on only while one reads.
  CHECK(torn == 0);
  CHECK(bench.source->fetches > 10);
}
