#include <algorithm>
#include <set>

#include "base/try.h"
#include "store/s3_object_store.h"

namespace docupilot::inline v1 {

namespace {

Error bad(const std::string& message, std::string_view hint) {
  return Error(ErrorCode::invalid_argument, message).operation("open").backend("s3").hint(hint);
}

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

Result<void> check(const S3Options& options) {
  if (options.part_size < 5 * mebibyte || options.part_size > 1024 * mebibyte) {
    return bad("a part size of " + std::to_string(options.part_size) + " bytes is out of range",
               "choose 5 MiB to 1 GiB");
  }
  if (options.single_put > 5120 * mebibyte) return bad("single_put is larger than S3 takes", "choose at most 5 GiB");
  if (options.tags.size() > 10) return bad("more than 10 tags were given", "give at most 10");
  if (!options.prefix.empty()) {
    // The key's own rule holds for both together; this finds a prefix that no key could follow.
    auto good = check_object_key(options.prefix);
    if (!good) return std::move(good).error().operation("open").backend("s3");
  }
  const auto is_header_text = [](std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
  };
  if (!is_header_text(options.storage_class) || !is_header_text(options.encryption.kms_key_id)) {
    return bad("a storage class or key id has characters that no header can carry", "give plain ASCII without blanks");
  }
  return {};
}

Result<std::unique_ptr<S3Store>> open_checked(S3Options options, const S3Tuning& tuning) {
  DOCUPILOT_TRY(auto client, S3Client::make(std::move(options), tuning));
  return std::make_unique<S3ObjectStore>(std::move(client));
}

}  // namespace

S3Store::~S3Store() = default;

Result<S3Options> S3Options::from_url(const BackendUrl& url) {
  S3Options options;
  options.bucket = url.authority;
  options.prefix = url.path;
  if (options.prefix.starts_with('/')) options.prefix.erase(0, 1);
  if (!options.prefix.empty() && !options.prefix.ends_with('/')) options.prefix += '/';
  for (const auto& [name, value] : url.parameters) {
    if (name == "region") options.region = value;
    else if (name == "endpoint") options.endpoint = value;
    else if (name == "public_endpoint") options.public_endpoint = value;
    else if (name == "profile") options.profile = value;
    else if (name == "quirks") options.quirks = value;
    else if (name == "path_style" && (value == "true" || value == "1")) options.addressing = S3Addressing::path;
    else if (name == "path_style" && (value == "false" || value == "0")) {
      options.addressing = S3Addressing::virtual_host;
    } else if (name == "ca_file") {
      options.network.tls.ca_file = value;
    } else if (name == "proxy") {
      // http://user:password@host:port
      const std::size_t host = value.find("://") == std::string::npos ? 0 : value.find("://") + 3;
      const std::size_t at = value.rfind('@');
      const bool has_password = at != std::string::npos && at >= host;
      options.network.proxy = has_password ? value.substr(0, host) + value.substr(at + 1) : value;
      if (has_password) options.network.proxy_password = Secret(value.substr(host, at - host));
    } else if (name == "allow_plaintext" && (value == "true" || value == "false")) {
      options.network.allow_plaintext = value == "true";
    } else if (name == "checksums" && value == "when_supported") {
      options.checksums = S3Checksums::when_supported;
    } else if (name == "checksums" && value == "when_required") {
      options.checksums = S3Checksums::when_required;
    } else {
      return bad("the parameter '" + name + "' or its value is not known here",
                 "there are region, endpoint, public_endpoint, profile, quirks, path_style=true|false, "
                 "checksums=when_supported|when_required, ca_file, proxy and allow_plaintext=true|false");
    }
  }
  DOCUPILOT_CHECK(check_s3_bucket(options.bucket));
  return options;
}

Result<std::unique_ptr<S3Store>> open_s3_store(S3Options options) {
  DOCUPILOT_CHECK(check(options));
  const auto environment = http::AwsEnvironment::from_env();
  if (!options.transport) {
    http::TransportOptions network = options.network;
    if (network.tls.ca_file.empty()) network.tls.ca_file = environment.variable("AWS_CA_BUNDLE").value_or("");
    network.hooks = options.hooks;
    options.transport = http::make_transport(std::move(network));
  }
  if (!options.credentials) {
    options.credentials =
        http::aws_credentials(options.transport, environment, {.profile = options.profile, .region = options.region});
  }
  for (const char* name : {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}) {
    if (options.endpoint.empty()) options.endpoint = environment.variable(name).value_or("");
  }
  // Another place than AWS has no use for AWS's region, and its server says where the bucket is.
  if (options.region.empty() && options.endpoint.empty()) {
    DOCUPILOT_TRY(const auto region, http::aws_region(environment, options.profile));
    options.region = region.value_or("");
  }
  return open_checked(std::move(options), S3Tuning{});
}

Result<std::unique_ptr<S3Store>> open_s3_store(S3Options options, const S3Tuning& tuning) {
  DOCUPILOT_CHECK(check(options));
  return open_checked(std::move(options), tuning);
}

}  // namespace docupilot::inline v1
