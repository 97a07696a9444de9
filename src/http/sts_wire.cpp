#include "http/sts_wire.h"

#include <algorithm>
#include <pugixml.hpp>

#include "base/utf8.h"
#include "http/credential_source.h"
#include "http/percent.h"

namespace docupilot::inline v1::http {

namespace {

std::string encode_value(std::string_view text) {
  std::string encoded = percent_encode(text);
  for (std::size_t at = 0; (at = encoded.find("%20", at)) != std::string::npos; ++at) encoded.replace(at, 3, "+");
  return encoded;
}

/// Parses what is at most as large as the transport takes (64 KiB). No entities but XML's own five and numbers, no
/// document type: pugixml would pass over one, and a reply that has one comes from somewhere else.
bool load(std::string_view xml, pugi::xml_document& document) {
  constexpr unsigned flags = pugi::parse_minimal | pugi::parse_escapes | pugi::parse_cdata | pugi::parse_doctype;
  if (!document.load_buffer(xml.data(), xml.size(), flags, pugi::encoding_utf8)) return false;
  for (const pugi::xml_node& node : document.children()) {
    if (node.type() == pugi::node_doctype) return false;
  }
  return true;
}

pugi::xml_node child(const pugi::xml_node& parent, std::string_view name_or_end) {
  for (const pugi::xml_node& node : parent.children()) {
    if (std::string_view(node.name()).ends_with(name_or_end)) return node;
  }
  return {};
}

/// What the model of STS has for the id of a key; an entity that is left as it stood is none.
bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  });
}

std::string_view text_of(const pugi::xml_node& parent, const char* name) { return parent.child(name).text().get(); }

}  // namespace

std::string encode_form(const FormFields& fields) {
  std::string form;
  for (const auto& [name, value] : fields) {
    if (!form.empty()) form += '&';
    ((form += encode_value(name)) += '=') += encode_value(value);
  }
  return form;
}

Result<Credentials> parse_assumed_role(std::string_view xml) {
  const auto bad = [](std::string_view what) {
    return Error(ErrorCode::corrupted, "the reply of STS " + std::string(what)).operation("read credentials");
  };
  pugi::xml_document document;
  if (!load(xml, document)) return bad("is no XML");
  // <AssumeRoleResponse><AssumeRoleResult><Credentials>, or WithWebIdentity in both names
  const pugi::xml_node found = child(child(document, "Response"), "Result").child("Credentials");
  if (!found) return bad("has no credentials");
  Credentials credentials{.access_key_id = std::string(text_of(found, "AccessKeyId")),
                          .secret_access_key = Secret(text_of(found, "SecretAccessKey")),
                          .session_token = Secret(text_of(found, "SessionToken")),
                          .source = "STS"};
  if (!is_word(credentials.access_key_id)) return bad("has no AccessKeyId");
  if (!is_plain(credentials.secret_access_key.expose())) return bad("has no SecretAccessKey");
  if (!is_plain(credentials.session_token.expose())) return bad("has no SessionToken");
  const auto expires = Timestamp::parse(text_of(found, "Expiration"));
  if (!expires) return bad("has no Expiration");
  credentials.expires = *expires;
  return credentials;
}

ServiceError parse_sts_error(std::string_view xml) {
  pugi::xml_document document;
  if (!load(xml, document)) return {};
  const pugi::xml_node response = document.child("ErrorResponse");
  const pugi::xml_node error = response.child("Error");
  return {.code = std::string(text_of(error, "Code")),
          .message = std::string(text_of(error, "Message")),
          .request_id = std::string(text_of(response, "RequestId"))};
}

bool is_session_name(std::string_view text) noexcept {
  return text.size() >= 2 && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  std::string_view("_+=,.@-").find(c) != std::string_view::npos;
         });
}

}  // namespace docupilot::inline v1::http
