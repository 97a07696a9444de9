#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <docupilot/base/value.h>

#include "support/aws_setting.h"
#include "support/temp_dir.h"
#include "support/test_data.h"

using namespace docupilot;
using namespace docupilot_test;

namespace {

using Map = Value::Map;

const Value& member(const Value& value, std::string_view name) {
  const auto* const map = value.get_if<Map>();
  const auto found = map->find(name);
  if (found == map->end()) throw std::runtime_error("no member " + std::string(name));
  return found->second;
}
bool has(const Value& value, std::string_view name) {
  const auto found = value.get_if<Map>()->find(name);
  return found != value.get_if<Map>()->end() && found->second.kind() != Value::Kind::null;
}
std::string text(const Value& value) {
  const auto* const found = value.get_if<std::string>();
  return found != nullptr ? *found : "";
}
std::string text(const Value& value, std::string_view name) {
  return has(value, name) ? text(member(value, name)) : "";
}

std::string replaced(std::string whole, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = whole.find(from, at)) != std::string::npos; at += to.size()) {
    whole.replace(at, from.size(), to);
  }
  return whole;
}

/// The cases of a data file, of which there must be some.
Value::List cases_of(const std::string& path, std::string_view name) {
  Value all = Value::from_json(test_data(path)).value();
  Value::List cases = *member(all, name).get_if<Value::List>();
  REQUIRE_FALSE(cases.empty());
  return cases;
}

void check_credentials(const Result<http::Credentials>& found, const Value& expected, std::string_view token_name) {
  REQUIRE_MESSAGE(found.has_value(), found.error().to_string());
  CHECK(found->access_key_id == text(expected, "access_key"));
  CHECK(found->secret_access_key.expose() == text(expected, "secret_key"));
  CHECK(found->session_token.expose() == text(expected, token_name));
}

// Where we decide otherwise than botocore, which made the recordings: how many of the exchanges happen, and what then.
struct Deviation {
  std::string_view name;
  std::size_t exchanges;
  std::string_view why;
};
constexpr Deviation deviations[] = {
    {"imds-token-403", 1, "there is no way back to version 1"},
    {"container-403", 1, "what is refused for good is not asked for again"},
};

ScriptedTransport::Step step_of(const Value& exchange, const std::string& base) {
  const Value& request = member(exchange, "request");
  ScriptedTransport::Step step{
      .method = text(request, "method"), .url = base + text(request, "path"), .body = text(request, "body")};
  for (const auto& [name, value] : *member(request, "headers").get_if<Map>()) {
    // Of botocore's own retry loop; and what the transport adds.
    if (name != "amz-sdk-request" && name != "content-length") step.headers.add(name, text(value));
  }
  step.accepts = [headers = step.headers](std::string_view name, std::string_view value) {
    if (name == "x-amz-date" || name == "X-Amz-Date") return value.size() == 16;
    if (name != "authorization" && name != "Authorization") return false;
    // The day and the signature depend on the time; who signs what for whom does not.
    const std::string wanted(headers.get("authorization"));
    return value.substr(0, 50).starts_with(wanted.substr(0, wanted.find('/'))) &&
           value.find("/eu-west-1/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=") !=
               std::string_view::npos &&
           value.size() == wanted.size();
  };
  const Value& response = member(exchange, "response");
  http::Response answer{.status = static_cast<int>(*member(response, "status").get_if<std::int64_t>()),
                        .body = text(response, "body")};
  for (const auto& [name, value] : *member(response, "headers").get_if<Map>()) answer.headers.add(name, text(value));
  step.answer = std::move(answer);
  return step;
}

}  // namespace

TEST_CASE("credentials and region are found in the files and the environment as the vectors have it") {
  for (const Value& one : cases_of("vectors/aws_profiles.json", "cases")) {
    const std::string id = text(one, "id");
    CAPTURE(id);
    const TempDir dir;
    AwsSetting aws;
    aws.variables = {{"AWS_EC2_METADATA_DISABLED", "true"},
                     {"AWS_CONFIG_FILE", dir / "config"},
                     {"AWS_SHARED_CREDENTIALS_FILE", dir / "credentials"}};
    for (const char* file : {"config", "credentials"}) {
      if (has(one, file)) dir.write(file, text(one, file));
    }
    for (const auto& [name, value] : *member(one, "environment").get_if<Map>()) aws.variables[name] = text(value);

    const Value& expected = member(one, "expected");
    const auto region = http::aws_region(aws.environment());
    CHECK(region.has_value() == !has(expected, "region_error"));
    if (region) CHECK(region->value_or("") == text(expected, "region"));

    const auto found = aws.get();
    if (has(expected, "error")) {
      REQUIRE_FALSE(found.has_value());
      CHECK(found.error().code() == ErrorCode::unauthenticated);
      CHECK_FALSE(found.error().hint().empty());
    } else if (has(expected, "credentials")) {
      check_credentials(found, member(expected, "credentials"), "session_token");
    } else {
      REQUIRE_FALSE(found.has_value());
      CHECK(found.error().code() == ErrorCode::not_found);
    }
    CHECK(aws.transport->complaints().empty());
  }
}

TEST_CASE("the recorded exchanges with metadata services and STS are what we send and understand") {
  for (const Value& entry : cases_of("recordings/aws_credentials.json", "entries")) {
    const std::string name = text(entry, "name");
    CAPTURE(name);
    const TempDir dir;
    AwsSetting aws;
    const std::string base = "http://127.0.0.1:41999";
    const auto filled = [&](const Value& value) {
      return replaced(replaced(text(value), "<port>", "41999"), "<dir>", dir.path().string());
    };
    for (const auto& [file, content] : *member(entry, "files").get_if<Map>()) dir.write(file, text(content));
    aws.variables = {{"AWS_CONFIG_FILE", dir / "none"}, {"AWS_SHARED_CREDENTIALS_FILE", dir / "none"}};
    for (const auto& [variable, value] : *member(entry, "environment").get_if<Map>()) {
      aws.variables[variable] = filled(value);
    }
    const Value::List& exchanges = *member(entry, "exchange").get_if<Value::List>();
    std::size_t expected = exchanges.size();
    bool deviates = false;
    for (const Deviation& deviation : deviations) {
      if (deviation.name != name) continue;
      expected = deviation.exchanges;
      deviates = true;
    }
    for (std::size_t i = 0; i < std::min(expected, exchanges.size()); ++i) {
      aws.transport->expect(step_of(exchanges[i], base));
    }
    const auto found = aws.get({.allow_credential_process = true});
    CHECK(aws.transport->complaints() == std::vector<std::string>());
    CHECK(aws.transport->steps_left() == 0);
    CHECK(aws.transport->seen().size() == expected);
    const Value& result = member(entry, "result");
    if (deviates || has(result, "error")) {
      REQUIRE_FALSE(found.has_value());
      CHECK(found.error().code() == ErrorCode::unauthenticated);
    } else if (has(result, "credentials")) {
      check_credentials(found, member(result, "credentials"), "token");
    } else {
      REQUIRE_FALSE(found.has_value());
      CHECK(found.error().code() == ErrorCode::not_found);
    }
  }
}
