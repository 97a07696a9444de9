#include "store/s3_endpoint.h"

#include <algorithm>
#include <array>

#include "base/try.h"
#include "base/utf8.h"
#include "http/percent.h"
#include "http/url_parts.h"

namespace docupilot::inline v1 {

namespace {

Error bad(const std::string& message, std::string_view hint) {
  return Error(ErrorCode::invalid_argument, message).operation("open").backend("s3").hint(hint);
}

bool is_small(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// Four numbers with dots between them.
bool is_ipv4(std::string_view host) {
  return !host.empty() && std::ranges::count(host, '.') == 3 &&
         std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

bool is_address(std::string_view host) {
  if (host.starts_with('[')) return true;
  host = host.substr(0, host.find(':'));
  return host == "localhost" || is_ipv4(host);
}

/// Whether the bucket can stand in a host name that one certificate covers.
bool fits_host(std::string_view bucket, bool is_https) {
  return bucket.size() <= 63 &&
         std::ranges::all_of(bucket, [&](char c) { return is_small(c) || c == '-' || (c == '.' && !is_https); });
}

std::string_view dns_suffix(std::string_view region) {
  struct Partition {
    std::string_view prefix, suffix;
  };
  static constexpr std::array<Partition, 6> partitions = {{{"cn-", "amazonaws.com.cn"},
                                                           {"us-isob-", "sc2s.sgov.gov"},
                                                           {"us-isof-", "csp.hci.ic.gov"},
                                                           {"eu-isoe-", "cloud.adc-e.uk"},
                                                           {"us-iso-", "c2s.ic.gov"},
                                                           {"eusc-", "amazonaws.eu"}}};
  for (const auto& [prefix, suffix] : partitions) {
    if (region.starts_with(prefix)) return suffix;
  }
  return "amazonaws.com";
}

}  // namespace

Result<void> check_s3_region(std::string_view region) {
  if (!region.empty() && region.size() <= 63 && is_small(region.front()) && is_small(region.back()) &&
      std::ranges::all_of(region, [](char c) { return is_small(c) || c == '-'; })) {
    return {};
  }
  return bad("'" + escape_controls(region) + "' is no region", "name one such as eu-west-1");
}

Result<void> check_s3_bucket(std::string_view bucket) {
  const auto letter = [](char c) { return is_small(c) || (c >= 'A' && c <= 'Z'); };
  const bool good = bucket.size() >= 3 && bucket.size() <= 255 && letter(bucket.front()) && letter(bucket.back()) &&
                    !is_ipv4(bucket) && bucket.find("..") == std::string_view::npos &&
                    std::ranges::all_of(bucket, [&](char c) { return letter(c) || c == '-' || c == '.' || c == '_'; });
  if (good) return {};
  return bad("'" + escape_controls(bucket) + "' is no bucket name",
             "3 to 63 lower-case letters, digits, dots and hyphens, such as s3://my-bucket");
}

Result<S3Endpoint> S3Endpoint::make(const S3Options& options, std::string_view endpoint, std::string_view region) {
  DOCUPILOT_CHECK(check_s3_region(region));
  DOCUPILOT_CHECK(check_s3_bucket(options.bucket));
  S3Endpoint made;
  std::string path;
  if (endpoint.empty()) {
    made.is_aws_ = true;
    made.scheme_ = "https";
    made.domain_ = dns_suffix(region);
    made.host_ = std::string(options.fips ? "s3-fips." : "s3.") + (options.dual_stack ? "dualstack." : "") +
                 std::string(region) + '.' + made.domain_;
  } else {
    auto parts = http::UrlParts::split(endpoint);
    if (!parts || !parts->query.empty()) {
      return bad("the endpoint is no URL", "write it as https://HOST or https://HOST:PORT");
    }
    made.scheme_ = parts->scheme;
    made.host_ = parts->host;
    path = parts->path;
    while (path.ends_with('/')) path.pop_back();
    made.is_aws_ = made.host_.ends_with(".amazonaws.com") || made.host_.ends_with(".amazonaws.com.cn");
    // A name of three parts or more gives its own first part away, others nothing.
    const bool deep = !is_address(made.host_) && std::ranges::count(made.host_, '.') >= 2;
    made.domain_ = made.is_aws_ ? std::string(dns_suffix(region))
                                : (deep ? made.host_.substr(made.host_.find('.') + 1) : made.host_);
  }
  const bool can_be_host = fits_host(options.bucket, made.is_https()) && !is_address(made.host_);
  if (options.addressing == S3Addressing::virtual_host && !can_be_host) {
    return bad("the bucket '" + options.bucket + "' cannot stand in a host name here", "use path-style addressing");
  }
  const bool in_host = can_be_host && (options.addressing == S3Addressing::virtual_host ||
                                       (options.addressing == S3Addressing::automatic && made.is_aws_));
  made.base_ = in_host ? made.scheme_ + "://" + options.bucket + '.' + made.host_ + path
                       : made.scheme_ + "://" + made.host_ + path + '/' + options.bucket;
  return made;
}

std::string S3Endpoint::url(std::string_view key, const S3Query& query) const {
  std::string text;
  std::size_t room = base_.size() + 1 + key.size() + key.size() / 4;
  for (const auto& [name, value] : query) room += 2 + name.size() + value.size() + value.size() / 4;
  text.reserve(room);
  text += base_;
  // A bucket in the path needs no slash behind it; a bucket in the host is the path's root.
  if (!key.empty() || text.find('/', text.find("://") + 3) == std::string::npos) text += '/';
  http::append_percent_encoded_path(text, key);
  char separator = '?';
  for (const auto& [name, value] : query) {
    http::append_percent_encoded(text += separator, name);
    http::append_percent_encoded(text += '=', value);
    separator = '&';
  }
  return text;
}

bool S3Endpoint::owns(std::string_view text) const {
  std::string whole(text);
  if (whole.find("://") == std::string::npos) whole = scheme_ + "://" + whole;
  const auto parts = http::UrlParts::split(whole);
  if (!parts || parts->scheme != scheme_) return false;
  if (parts->host == host_ || parts->host == domain_) return true;
  const std::string under = '.' + domain_;
  if (parts->host.size() > under.size() && parts->host.ends_with(under)) return !is_address(domain_);
  return false;
}

}  // namespace docupilot::inline v1
