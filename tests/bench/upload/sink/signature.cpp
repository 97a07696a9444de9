#include "signature.h"

#include <algorithm>
#include <vector>

#include "checksum.h"
#include "crypto/hmac.h"
#include "http/hex.h"
#include "http/percent.h"

namespace sink {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

std::string hmac(std::string_view key, std::string_view message) {
  const auto digest = docupilot::crypto::hmac_sha256(docupilot::as_bytes(key), docupilot::as_bytes(message));
  return std::string(docupilot::as_text(docupilot::ByteView(digest)));
}

std::string hex(std::string_view bytes) { return docupilot::http::hex(docupilot::as_bytes(bytes)); }

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = std::min(text.find(at), text.size());
    parts.emplace_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string folded(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string canonical_query(const Request& request) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : parameters(request.query)) {
    if (name == "X-Amz-Signature") continue;
    pairs.emplace_back(docupilot::http::percent_encode(name), docupilot::http::percent_encode(value));
  }
  std::ranges::sort(pairs);
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

std::string canonical(const Request& request, const std::string& signed_headers, std::string_view payload) {
  std::string text = request.method + '\n' + request.path + '\n' + canonical_query(request) + '\n';
  for (const std::string& name : split(signed_headers, ';')) {
    std::string values;
    for (const auto& [found, value] : request.headers) {
      if (found != name) continue;
      if (!values.empty()) values += ',';
      values += folded(value);
    }
    text.append(name).append(":").append(values).append("\n");
  }
  return text.append("\n").append(signed_headers).append("\n").append(payload);
}

struct Claim {
  std::string credential;
  std::string signed_headers;
  std::string signature;
  std::string date;
  std::string payload;
};

std::string value_behind(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + name.size());
  return std::string(rest.substr(0, rest.find_first_of(", ")));
}

std::optional<Claim> claim_of(const Request& request) {
  const std::string_view header = request.header("authorization");
  if (!header.empty()) {
    return Claim{.credential = value_behind(header, "Credential="),
                 .signed_headers = value_behind(header, "SignedHeaders="),
                 .signature = value_behind(header, "Signature="),
                 .date = std::string(request.header("x-amz-date")),
                 .payload = std::string(request.header("x-amz-content-sha256"))};
  }
  const auto in_query = parameter(request.query, "X-Amz-Signature");
  if (!in_query) return std::nullopt;
  const auto of = [&request](std::string_view name) { return parameter(request.query, name).value_or(""); };
  return Claim{.credential = of("X-Amz-Credential"),
               .signed_headers = of("X-Amz-SignedHeaders"),
               .signature = *in_query,
               .date = of("X-Amz-Date"),
               .payload = "UNSIGNED-PAYLOAD"};
}

// Headers that change what a request does must be under the signature.
std::string unsigned_header(const Request& request, const std::string& signed_headers) {
  const std::vector<std::string> names = split(signed_headers, ';');
  for (const auto& [name, value] : request.headers) {
    if ((name == "host" || name.starts_with("x-amz-")) && std::ranges::find(names, name) == names.end()) return name;
  }
  return {};
}

}  // namespace

Verdict verify_signature(const Request& request, const Key& key) {
  Verdict verdict;
  const auto claim = claim_of(request);
  if (!claim) {
    verdict.anonymous = true;
    return verdict;
  }
  const std::vector<std::string> scope = split(claim->credential, '/');
  if (scope.size() != 5 || scope[0] != key.id || scope[3] != "s3" || scope[4] != "aws4_request" ||
      !claim->date.starts_with(scope[1])) {
    verdict.fault = "the credential is not that of the uploader, or for another day or service: " + claim->credential;
    return verdict;
  }
  if (claim->payload.empty()) {
    verdict.fault = "x-amz-content-sha256 is missing";
    return verdict;
  }
  if (!request.header("authorization").empty()) {
    if (const std::string name = unsigned_header(request, claim->signed_headers); !name.empty()) {
      verdict.fault = "the header " + name + " is not signed";
      return verdict;
    }
  }
  SignedBy& by = verdict.by;
  by.date = claim->date;
  by.scope = scope[1] + '/' + scope[2] + "/s3/aws4_request";
  by.key = "AWS4" + key.secret;
  for (std::size_t i = 1; i < scope.size(); ++i) by.key = hmac(by.key, scope[i]);
  const std::string text = canonical(request, claim->signed_headers, claim->payload);
  std::string to_sign(algorithm);
  to_sign.append("\n").append(by.date).append("\n").append(by.scope).append("\n");
  to_sign += sha256_hex(docupilot::as_bytes(text));
  by.signature = hex(hmac(by.key, to_sign));
  if (by.signature != claim->signature) verdict.fault = "the signature of the head is wrong";
  return verdict;
}

std::string chunk_signature(const SignedBy& by, std::string_view kind, std::string_view before,
                            std::string_view hashes) {
  std::string text(kind);
  text.append("\n").append(by.date).append("\n").append(by.scope).append("\n");
  text.append(before).append("\n").append(hashes);
  return hex(hmac(by.key, text));
}

}  // namespace sink
