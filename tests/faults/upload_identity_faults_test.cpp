// Row F22 of the fault matrix for uploads: credentials that expire in the middle.

#include <atomic>
#include <string>

#include "faults/upload/upload_fault.h"

using namespace docupilot;
using namespace docupilot_test;
using docupilot::testing::ProxyScript;
using docupilot::testing::RecordedRequest;
using Counts = std::vector<std::size_t>;

namespace {

/// Keys that work, with a number in their token, and others after they were refused.
class NumberedKeys final : public http::CredentialsProvider {
 public:
  NumberedKeys(S3Options options, bool has_others) : given_(std::move(options.credentials)), has_others_(has_others) {}
  std::atomic<int> number = 1;
  Result<http::SharedCredentials> get(const Context& context) override {
    http::Credentials keys = **given_->get(context);
    keys.session_token = Secret("token" + std::to_string(number.load()));
    return std::make_shared<const http::Credentials>(std::move(keys));
  }
  void invalidate(const http::Credentials& stale) override {
    if (has_others_ && stale.session_token.expose() == "token" + std::to_string(number.load())) ++number;
  }

 private:
  std::shared_ptr<http::CredentialsProvider> given_;
  bool has_others_;
};

/// From the time that `expired` says so, the first token is refused.
template <class Fault>
void refuse_first(Fault& fault, const std::atomic<bool>& expired) {
  fault.decide = [&](const RecordedRequest& request) -> std::optional<ProxyScript> {
    if (!expired || request.header("x-amz-security-token") != "token1") return std::nullopt;
    return ProxyScript{.withhold = fault.refusal(400, "ExpiredToken")};
  };
}

}  // namespace

TEST_CASE("F22 credentials that expire between parts are renewed once, and no acknowledged part is sent again") {
  const auto keys = std::make_shared<NumberedKeys>(MemoryServer().options(), true);
  UploadFault<MemoryServer> fault({.credentials = keys, .connections = 1});
  std::atomic<bool> expired = false;
  refuse_first(fault, expired);
  fault.on_request = [&](const std::string& kind) { expired = expired || kind == "part 2"; };
  fault.upload(three_parts(), {});
  CHECK(fault.sent() == Counts{1, 2, 1});
  CHECK(keys->number == 2);
}

TEST_CASE("F22 many parts under way and one expired token: one renewal") {
  const auto keys = std::make_shared<NumberedKeys>(MemoryServer().options(), true);
  UploadFault<MemoryServer> fault({.credentials = keys, .connections = 16});
  std::atomic<bool> expired = false;
  refuse_first(fault, expired);
  fault.on_request = [&](const std::string& kind) { expired = expired || kind == "part 1"; };
  const std::string bytes = pattern(16 * part_size);
  fault.begin();
  const auto source = memory_source(as_bytes(bytes));
  const auto result = fault.uploader().upload(*source, "k");
  REQUIRE_MESSAGE(result, result.error().to_string());
  CHECK(keys->number == 2);
  CHECK(fault.fired() >= 1);
  CHECK(fault.fired() <= 16);
  CHECK(text_of(fault.direct(), "k") == bytes);
}

TEST_CASE("F22 where there are no other credentials it ends at once, kept for when there are") {
  const auto keys = std::make_shared<NumberedKeys>(MemoryServer().options(), false);
  UploadFault<MemoryServer> fault({.credentials = keys, .connections = 1});
  std::atomic<bool> expired = false;
  refuse_first(fault, expired);
  fault.on_request = [&](const std::string& kind) { expired = expired || kind == "part 2"; };
  fault.upload(three_parts(), {.code = "unauthenticated", .says = "get fresh credentials", .faults = 1, .kept = true});
  CHECK(fault.sent() == Counts{1, 1, 0});
  keys->number = 2;
  const auto again = fault.upload(three_parts(), {.faults = 0});
  REQUIRE(again);
  CHECK(again->parts_resumed == 1);
}
