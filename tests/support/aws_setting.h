#pragma once

#include <map>
#include <memory>
#include <string>

#include "http/aws_chain.h"
#include "support/scripted_transport.h"
#include "support/virtual_time.h"

namespace docupilot_test {

/// An environment of its own, a transport by script and virtual time, for what asks for AWS credentials.
struct AwsSetting {
  std::map<std::string, std::string, std::less<>> variables;
  std::string home;
  VirtualTime time;
  std::shared_ptr<ScriptedTransport> transport = std::make_shared<ScriptedTransport>();

  [[nodiscard]] docupilot::http::AwsEnvironment environment() const {
    docupilot::http::AwsEnvironment environment;
    environment.variable = [copy = variables](std::string_view name) -> std::optional<std::string> {
      const auto found = copy.find(name);
      return found == copy.end() ? std::nullopt : std::optional(found->second);
    };
    environment.home = home;
    return environment;
  }
  [[nodiscard]] docupilot::http::CredentialServices services() {
    return {.transport = transport, .clock = &time.clock(), .sleeper = &time.sleeper(), .random = [] { return 0.5; }};
  }
  [[nodiscard]] docupilot::Result<docupilot::http::Credentials> get(docupilot::http::AwsChainOptions options = {}) {
    auto found = aws_credentials(services(), environment(), options)->get();
    if (!found) return std::move(found).error();
    return **found;
  }
};

}  // namespace docupilot_test
