#include "signature_check.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <vector>

namespace docupilot_test {

namespace {

using docupilot::testing::RecordedRequest;

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += digits[static_cast<unsigned char>(c) >> 4U];
    text += digits[static_cast<unsigned char>(c) & 15U];
  }
  return text;
}

std::string sha256(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  return hex({reinterpret_cast<const char*>(digest), size});
}

std::string hmac(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &size);
  return {reinterpret_cast<const char*>(digest), size};
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string encoded(std::string_view text, bool keep_slash) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~' || (keep_slash && c == '/');
    if (plain) {
      out += c;
      continue;
    }
    std::string byte = hex({&c, 1});
    std::ranges::transform(byte, byte.begin(), [](char d) { return d >= 'a' ? static_cast<char>(d - 32) : d; });
    (out += '%') += byte;
  }
  return out;
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string path_of(std::string_view target) { return std::string(target.substr(0, target.find('?'))); }

}  // namespace

std::map<std::string, std::string> SignatureCheck::query_of(std::string_view target) {
  std::map<std::string, std::string> query;
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return query;
  for (const std::string& pair : split(target.substr(question + 1), '&')) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    query[decoded(pair.substr(0, equals))] = decoded(pair.substr(std::min(equals + 1, pair.size())));
  }
  return query;
}

std::string SignatureCheck::key_of(std::string_view target) {
  const std::string path = path_of(target);
  const std::size_t slash = path.find('/', 1);
  return slash == std::string::npos ? std::string() : decoded(path.substr(slash + 1));
}

std::string SignatureCheck::sign(const Claim& claim, const std::string& text) const {
  const std::string day = hmac("AWS4" + secret_, claim.day);
  return hex(hmac(hmac(hmac(hmac(day, claim.region), "s3"), "aws4_request"), text));
}

std::string SignatureCheck::claim_of(const RecordedRequest& request, Claim& claim) const {
  std::string credential, names;
  const auto query = query_of(request.target);
  claim.presigned = query.contains("X-Amz-Signature");
  if (claim.presigned) {
    credential = query.at("X-Amz-Credential");
    names = query.at("X-Amz-SignedHeaders");
    claim.signature = query.at("X-Amz-Signature");
    claim.date = query.at("X-Amz-Date");
  } else {
    std::string_view text = request.header("authorization");
    constexpr std::string_view scheme = "AWS4-HMAC-SHA256 ";
    if (!text.starts_with(scheme)) return "there is no signature";
    text.remove_prefix(scheme.size());
    for (const std::string& part : split(text, ',')) {
      const std::string bare = part.substr(std::min(part.find_first_not_of(' '), part.size()));
      const std::size_t equals = bare.find('=');
      const std::string name = bare.substr(0, equals);
      (name == "Credential" ? credential : name == "SignedHeaders" ? names : claim.signature) = bare.substr(equals + 1);
    }
    claim.date = request.header("x-amz-date");
  }
  const auto scope = split(credential, '/');
  if (scope.size() != 5 || scope[0] != key_id_ || scope[3] != "s3" || scope[4] != "aws4_request") return "bad scope";
  claim.day = scope[1];
  claim.region = scope[2];
  claim.scope = credential.substr(credential.find('/') + 1);
  if (claim.date.substr(0, 8) != claim.day) return "the dates differ";
  for (const std::string& name : split(names, ';')) claim.signed_headers.insert(name);
  return {};
}

SignatureCheck::Verdict SignatureCheck::operator()(const RecordedRequest& request, bool tls) const {
  Verdict verdict;
  Claim claim;
  verdict.wrong = claim_of(request, claim);
  if (!verdict.wrong.empty()) return verdict;
  verdict.mode = claim.presigned ? "UNSIGNED-PAYLOAD" : std::string(request.header("x-amz-content-sha256"));
  std::string canonical = request.method + '\n' + encoded(decoded(path_of(request.target)), true) + '\n';
  auto query = query_of(request.target);
  query.erase("X-Amz-Signature");
  std::vector<std::string> pairs;
  for (const auto& [name, value] : query) pairs.push_back(encoded(name, false) + '=' + encoded(value, false));
  std::ranges::sort(pairs);
  for (std::size_t i = 0; i < pairs.size(); ++i) canonical += (i == 0 ? "" : "&") + pairs[i];
  canonical += '\n';
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : request.headers) {
    std::string& all = headers[lower(name)];
    all += (all.empty() ? "" : ",") + value;
  }
  if (!claim.signed_headers.contains("host")) verdict.wrong = "the host is not signed";
  for (const auto& [name, value] : headers) {
    if (name.starts_with("x-amz-") && !claim.signed_headers.contains(name)) verdict.wrong = name + " is not signed";
  }
  std::string names;
  for (const std::string& name : claim.signed_headers) {
    std::string value = headers[name];
    for (std::size_t at = 0; (at = value.find("  ", at)) != std::string::npos;) value.erase(at, 1);
    canonical += name + ':' + value + '\n';
    names += (names.empty() ? "" : ";") + name;
  }
  canonical += '\n' + names + '\n' + verdict.mode;
  const std::string text = "AWS4-HMAC-SHA256\n" + claim.date + '\n' + claim.scope + '\n' + sha256(canonical);
  if (sign(claim, text) != claim.signature) verdict.wrong = "the signature does not match";
  if (!verdict.wrong.empty()) return verdict;

  verdict.body = request.body;
  if (verdict.mode.starts_with("STREAMING-")) {
    verdict.wrong = read_chunks(request, claim, verdict);
  } else if (verdict.mode != "UNSIGNED-PAYLOAD" && verdict.mode != sha256(request.body)) {
    verdict.wrong = "the body is another";
  }
  const bool is_unsigned = verdict.mode.find("UNSIGNED") != std::string::npos && !claim.presigned;
  if (is_unsigned && !tls) verdict.wrong = "an unsigned body came without TLS";
  return verdict;
}

std::string SignatureCheck::read_chunks(const RecordedRequest& request, const Claim& claim, Verdict& verdict) const {
  const bool is_signed = verdict.mode.find("UNSIGNED") == std::string::npos;
  const bool has_trailer = verdict.mode.ends_with("-TRAILER");
  std::string_view rest = request.body;
  std::string before = claim.signature;
  const auto line = [&] {
    const std::size_t end = std::min(rest.find("\r\n"), rest.size());
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 2, rest.size()));
    return text;
  };
  const auto signature_of = [&](std::string_view kind, const std::string& hashes) {
    return sign(claim, std::string(kind) + '\n' + claim.date + '\n' + claim.scope + '\n' + before + '\n' + hashes);
  };
  verdict.body.clear();
  for (bool last = false; !last;) {
    const std::string_view head = line();
    const std::size_t size = std::stoul(std::string(head.substr(0, head.find(';'))), nullptr, 16);
    last = size == 0;
    const std::string_view data = rest.substr(0, size);
    if (data.size() != size) return "a chunk was cut";
    if (is_signed) {
      constexpr std::string_view name = ";chunk-signature=";
      const std::size_t at = head.find(name);
      if (at == std::string_view::npos) return "a chunk is not signed";
      const std::string said(head.substr(at + name.size()));
      if (said != signature_of("AWS4-HMAC-SHA256-PAYLOAD", sha256("") + '\n' + sha256(data)))
        return "a chunk is another";
      before = said;
    }
    verdict.body += data;
    rest.remove_prefix(size);
    if (!last && !line().empty()) return "a chunk goes on behind its end";
  }
  if (has_trailer) {
    std::string canonical;
    std::string_view field = line();
    for (; !field.empty() && !field.starts_with("x-amz-trailer-signature:"); field = line()) {
      canonical += std::string(field) + '\n';
      verdict.trailers[std::string(field.substr(0, field.find(':')))] = field.substr(field.find(':') + 1);
    }
    if (is_signed) {
      const std::string_view said = field.substr(std::min(field.find(':') + 1, field.size()));
      if (said != signature_of("AWS4-HMAC-SHA256-TRAILER", sha256(canonical))) return "the trailer is another";
      static_cast<void>(line());
    }
    if (!verdict.trailers.contains(std::string(request.header("x-amz-trailer")))) return "the trailer is missing";
  } else {
    static_cast<void>(line());
  }
  if (!rest.empty()) return "something follows the last chunk";
  if (request.header("x-amz-decoded-content-length") != std::to_string(verdict.body.size())) return "another length";
  return {};
}

}  // namespace docupilot_test
