#include "store/s3_wire.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <pugixml.hpp>

#include "base/try.h"
#include "base/utf8.h"
#include "http/header_text.h"
#include "http/percent.h"
#include "store/s3_body.h"
#include "store/store_rules.h"

namespace docupilot::inline v1::s3 {

namespace {

constexpr int deepest = 20;

Error malformed(std::string_view what) {
  return Error(ErrorCode::corrupted, "the server's reply is not the XML that was expected: " + std::string(what))
      .hint("check that the endpoint speaks S3");
}

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(const pugi::xml_node& parent, std::string_view name) {
  return parent.find_child([&](const pugi::xml_node& node) { return local_name(node) == name; });
}

std::string text_of(const pugi::xml_node& parent, std::string_view name) { return child(parent, name).text().get(); }

/// Whether no element is nested deeper than is believed; without recursion, whatever the text holds.
bool is_shallow(const pugi::xml_node& root) {
  int depth = 0;
  for (pugi::xml_node at = root; at;) {
    if (at.first_child()) {
      at = at.first_child();
      if (++depth > deepest) return false;
      continue;
    }
    while (at != root && !at.next_sibling()) {
      at = at.parent();
      --depth;
    }
    if (at == root) return true;
    at = at.next_sibling();
  }
  return true;
}

/// The root element.
Result<pugi::xml_node> parse(pugi::xml_document& document, std::string_view text) {
  if (text.size() > largest_xml) return malformed("it is too long");
  // A document type can define entities; pugixml keeps it as a node only when asked.
  const auto result = document.load_buffer(text.data(), text.size(),
                                           pugi::parse_minimal | pugi::parse_escapes | pugi::parse_cdata |
                                               pugi::parse_doctype | pugi::parse_ws_pcdata_single,
                                           pugi::encoding_utf8);
  if (result.status != pugi::status_ok) {
    if (is_html(text)) {
      return Error(ErrorCode::corrupted, "the server answered with a web page instead of XML")
          .hint("is this URL behind a proxy sub-path? The endpoint must be S3 itself");
    }
    return malformed(result.description());
  }
  for (const pugi::xml_node node : document) {
    if (node.type() == pugi::node_doctype) {
      if (is_html(text)) {
        return Error(ErrorCode::corrupted, "the server answered with a web page instead of XML")
            .hint("is this URL behind a proxy sub-path? The endpoint must be S3 itself");
      }
      return malformed("it defines a document type");
    }
  }
  if (!is_shallow(document)) return malformed("it is nested too deeply");
  return document.document_element();
}

/// The same reply is a "...Result" to one server, a "...Response" or "...Output" to another.
std::string_view stem(std::string_view root) {
  for (const std::string_view ending : {"Result", "Response", "Output"}) {
    if (root.ends_with(ending)) return root.substr(0, root.size() - ending.size());
  }
  return root;
}

/// The root element, which must have this name.
Result<pugi::xml_node> parse(pugi::xml_document& document, std::string_view text, std::string_view name) {
  DOCUPILOT_TRY(const pugi::xml_node root, parse(document, text));
  if (stem(local_name(root)) == stem(name)) return root;
  if (is_html(text)) {
    return Error(ErrorCode::corrupted, "the server answered with a web page instead of XML")
        .hint("is this URL behind a proxy sub-path? The endpoint must be S3 itself");
  }
  return malformed("it is no '" + std::string(name) + "'");  // what it is instead may be anything, a secret too
}

template <class Number>
Result<Number> number(const std::string& text, const char* what) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return malformed(std::string(what) + " is no number");
  return value;
}

/// S3 writes a blank as '+' and a plus as %2B.
Result<std::string> decoded(std::string text, bool encoded) {
  if (!encoded) return text;
  std::ranges::replace(text, '+', ' ');
  auto plain = http::percent_decode(text);
  if (!plain) return malformed("a name has a broken escape");
  return *std::move(plain);
}

Timestamp time_or_none(const std::string& text) { return Timestamp::parse(text).value_or(Timestamp{}); }

std::string print(const pugi::xml_document& document) {
  struct StringWriter final : pugi::xml_writer {
    std::string text;
    void write(const void* data, std::size_t size) override { text.append(static_cast<const char*>(data), size); }
  } out;
  document.save(out, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return std::move(out.text);
}

pugi::xml_node add_root(pugi::xml_document& document, const char* name) {
  pugi::xml_node root = document.append_child(name);
  root.append_attribute("xmlns").set_value("http://s3.amazonaws.com/doc/2006-03-01/");
  return root;
}

void add_text(pugi::xml_node parent, const char* name, const std::string& text) {
  parent.append_child(name).text().set(text.c_str());
}

}  // namespace

std::string bare_etag(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

bool is_html(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (begin == std::string_view::npos) return false;
  const std::string start = http::to_lower(text.substr(begin, 15));
  return start.starts_with("<!doctype html") || start.starts_with("<html");
}

std::optional<ServerError> read_error(std::string_view text) {
  pugi::xml_document document;
  auto parsed = parse(document, text);
  if (!parsed) return std::nullopt;
  pugi::xml_node root = *parsed;
  if (local_name(root) == "ErrorResponse") root = child(root, "Error");
  if (local_name(root) != "Error") return std::nullopt;
  ServerError error{.code = text_of(root, "Code"),
                    .message = text_of(root, "Message"),
                    .request_id = text_of(root, "RequestId"),
                    .region = text_of(root, "Region"),
                    .endpoint = text_of(root, "Endpoint")};
  return error;
}

Result<void> read_root(std::string_view text, std::string_view root) {
  pugi::xml_document document;
  DOCUPILOT_CHECK(parse(document, text, root));
  return {};
}

Result<ListPage> read_list(std::string_view text) {
  pugi::xml_document document;
  DOCUPILOT_TRY(const pugi::xml_node root, parse(document, text, "ListBucketResult"));
  const bool encoded = text_of(root, "EncodingType") == "url";
  ListPage page;
  page.truncated = text_of(root, "IsTruncated") == "true";
  page.next_token = text_of(root, "NextContinuationToken");
  if (page.truncated && page.next_token.empty()) return malformed("it goes on, but does not say where");
  for (const pugi::xml_node node : root) {
    if (local_name(node) == "Contents") {
      ObjectInfo info;
      DOCUPILOT_TRY(info.key, decoded(text_of(node, "Key"), encoded));
      DOCUPILOT_TRY(info.size, number<std::uint64_t>(text_of(node, "Size"), "a size"));
      info.etag = bare_etag(text_of(node, "ETag"));
      info.modified = time_or_none(text_of(node, "LastModified"));
      page.objects.push_back(std::move(info));
    } else if (local_name(node) == "CommonPrefixes") {
      DOCUPILOT_TRY(std::string prefix, decoded(text_of(node, "Prefix"), encoded));
      page.prefixes.push_back(std::move(prefix));
    }
  }
  return page;
}

Result<UploadPage> read_uploads(std::string_view text) {
  pugi::xml_document document;
  DOCUPILOT_TRY(const pugi::xml_node root, parse(document, text, "ListMultipartUploadsResult"));
  const bool encoded = text_of(root, "EncodingType") == "url";
  UploadPage page;
  page.truncated = text_of(root, "IsTruncated") == "true";
  DOCUPILOT_TRY(page.next_key, decoded(text_of(root, "NextKeyMarker"), encoded));
  page.next_upload_id = text_of(root, "NextUploadIdMarker");
  if (page.truncated && page.next_key.empty()) return malformed("it goes on, but does not say where");
  for (const pugi::xml_node node : root) {
    if (local_name(node) != "Upload") continue;
    MultipartUpload upload;
    DOCUPILOT_TRY(upload.key, decoded(text_of(node, "Key"), encoded));
    upload.upload_id = text_of(node, "UploadId");
    if (upload.upload_id.empty()) return malformed("an upload has no id");
    upload.started = time_or_none(text_of(node, "Initiated"));
    page.uploads.push_back(std::move(upload));
  }
  return page;
}

Result<PartPage> read_parts(std::string_view text) {
  pugi::xml_document document;
  DOCUPILOT_TRY(const pugi::xml_node root, parse(document, text, "ListPartsResult"));
  PartPage page;
  page.truncated = text_of(root, "IsTruncated") == "true";
  if (page.truncated) {
    DOCUPILOT_TRY(page.next_marker, number<int>(text_of(root, "NextPartNumberMarker"), "the next part"));
  }
  for (const pugi::xml_node node : root) {
    if (local_name(node) != "Part") continue;
    PartInfo part;
    DOCUPILOT_TRY(part.number, number<int>(text_of(node, "PartNumber"), "a part number"));
    if (part.number < 1 || part.number > most_parts) return malformed("a part number is not between 1 and 10,000");
    DOCUPILOT_TRY(part.size, number<std::uint64_t>(text_of(node, "Size"), "a size"));
    part.etag = bare_etag(text_of(node, "ETag"));
    part.crc64nvme = from_checksum(text_of(node, "ChecksumCRC64NVME"));
    page.parts.push_back(std::move(part));
  }
  return page;
}

Result<std::string> read_upload_id(std::string_view text) {
  pugi::xml_document document;
  DOCUPILOT_TRY(const pugi::xml_node root, parse(document, text, "InitiateMultipartUploadResult"));
  std::string id = text_of(root, "UploadId");
  if (id.empty()) return malformed("it has no upload id");
  return id;
}

Result<WriteResult> read_write_result(std::string_view text, std::string_view root_name) {
  pugi::xml_document document;
  DOCUPILOT_TRY(const pugi::xml_node root, parse(document, text, root_name));
  WriteResult result{.etag = bare_etag(text_of(root, "ETag")),
                     .modified = time_or_none(text_of(root, "LastModified")),
                     .crc64nvme = {}};
  if (text_of(root, "ChecksumType") != "COMPOSITE") {
    result.crc64nvme = from_checksum(text_of(root, "ChecksumCRC64NVME"));
  }
  if (result.etag.empty()) return malformed("it has no ETag");
  return result;
}

Result<std::vector<RemoveFailure>> read_remove_result(std::string_view text) {
  pugi::xml_document document;
  DOCUPILOT_TRY(const pugi::xml_node root, parse(document, text, "DeleteResult"));
  std::vector<RemoveFailure> failures;
  for (const pugi::xml_node node : root) {
    if (local_name(node) != "Error") continue;
    failures.push_back(
        {.key = text_of(node, "Key"), .code = text_of(node, "Code"), .message = text_of(node, "Message")});
  }
  return failures;
}

Result<std::map<std::string, std::string>> read_tags(std::string_view text) {
  pugi::xml_document document;
  DOCUPILOT_TRY(const pugi::xml_node root, parse(document, text, "Tagging"));
  std::map<std::string, std::string> tags;
  for (const pugi::xml_node tag : child(root, "TagSet")) tags[text_of(tag, "Key")] = text_of(tag, "Value");
  return tags;
}

std::string write_complete(const std::vector<PartInfo>& parts) {
  pugi::xml_document document;
  pugi::xml_node root = add_root(document, "CompleteMultipartUpload");
  std::string quoted;
  for (const PartInfo& part : parts) {
    pugi::xml_node node = root.append_child("Part");
    add_text(node, "PartNumber", std::to_string(part.number));
    quoted = '"';
    add_text(node, "ETag", (quoted += part.etag) += '"');
    if (part.crc64nvme) add_text(node, "ChecksumCRC64NVME", to_checksum(*part.crc64nvme));
  }
  return print(document);
}

std::string write_remove(const std::vector<std::string>& keys) {
  pugi::xml_document document;
  pugi::xml_node root = add_root(document, "Delete");
  add_text(root, "Quiet", "true");
  for (const std::string& key : keys) add_text(root.append_child("Object"), "Key", key);
  return print(document);
}

std::string write_tags(const std::map<std::string, std::string>& tags) {
  pugi::xml_document document;
  pugi::xml_node set = add_root(document, "Tagging").append_child("TagSet");
  for (const auto& [name, value] : tags) {
    pugi::xml_node tag = set.append_child("Tag");
    add_text(tag, "Key", name);
    add_text(tag, "Value", value);
  }
  return print(document);
}

std::string write_bucket_location(std::string_view region) {
  pugi::xml_document document;
  add_text(add_root(document, "CreateBucketConfiguration"), "LocationConstraint", std::string(region));
  return print(document);
}

}  // namespace docupilot::inline v1::s3
