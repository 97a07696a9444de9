#include "http/aws_endpoint.h"

#include <algorithm>
#include <array>
#include <utility>

namespace docupilot::inline v1::http {

bool is_region(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

std::string_view aws_domain(std::string_view region) noexcept {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> partitions{
      {{"cn-", "amazonaws.com.cn"},
       {"us-iso-", "c2s.ic.gov"},
       {"us-isob-", "sc2s.sgov.gov"},
       {"us-isof-", "csp.hci.ic.gov"},
       {"eu-isoe-", "cloud.adc-e.uk"},
       {"eusc-", "amazonaws.eu"}}};
  for (const auto& [prefix, domain] : partitions) {
    if (region.starts_with(prefix)) return domain;
  }
  return "amazonaws.com";
}

}  // namespace docupilot::inline v1::http
