#pragma once

#include <string>
#include <string_view>

namespace docupilot::inline v1::http {

/// Whether it may be the name of a region: 1 to 63 lower-case letters, digits and inner hyphens, so that it cannot turn
/// a host name into another.
[[nodiscard]] bool is_region(std::string_view text) noexcept;

/// The domain of the partition that a region is in: "amazonaws.com", "amazonaws.com.cn" and so on.
[[nodiscard]] std::string_view aws_domain(std::string_view region) noexcept;

}  // namespace docupilot::inline v1::http
