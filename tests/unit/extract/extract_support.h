#pragma once

#include <docupilot/extract/extractor.h>
#include <iconv.h>
#include <zip.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace docupilot_test {

inline docupilot::Result<docupilot::ExtractedText> extract(const std::string& bytes,
                                                           const docupilot::ExtractInput& input = {},
                                                           const docupilot::ExtractOptions& options = {},
                                                           const docupilot::Context& context = {}) {
  docupilot::MemoryReader body(docupilot::as_bytes(bytes));
  return docupilot::make_extractor(options)->extract(body, input, context);
}

inline docupilot::Result<docupilot::ExtractedText> extract_as(const std::string& type, const std::string& bytes,
                                                              const docupilot::ExtractLimits& limits = {}) {
  return extract(bytes, {.content_type = type}, {.limits = limits});
}

/// UTF-8 written in another charset.
inline std::string encode(const char* charset, std::string utf8) {
  const iconv_t converter = iconv_open(charset, "UTF-8");
  std::string bytes(utf8.size() * 4 + 16, '\0');
  char* in = utf8.data();
  char* out = bytes.data();
  std::size_t in_left = utf8.size();
  std::size_t out_left = bytes.size();
  iconv(converter, &in, &in_left, &out, &out_left);
  iconv(converter, nullptr, nullptr, &out, &out_left);
  iconv_close(converter);
  if (in_left != 0) throw std::runtime_error(std::string("not all of the text exists in ") + charset);
  bytes.resize(bytes.size() - out_left);
  return bytes;
}

inline std::string repeat(const std::string& text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

/// Gives `pattern` over and over, up to `size` bytes, and counts what was read.
class EndlessReader final : public docupilot::Reader {
 public:
  EndlessReader(std::string pattern, std::uint64_t size) : pattern_(std::move(pattern)), size_(size) {}
  docupilot::Result<std::size_t> read(docupilot::MutableByteView into, const docupilot::Context&) override {
    std::size_t count = 0;
    for (; count < into.size() && given < size_; ++count, ++given) {
      into[count] = static_cast<std::byte>(pattern_[given % pattern_.size()]);
    }
    return count;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }
  std::uint64_t given = 0;

 private:
  std::string pattern_;
  std::uint64_t size_;
};

/// A zip archive of these files.
inline std::string make_zip(const std::vector<std::pair<std::string, std::string>>& files, bool packed = true,
                            const char* password = nullptr) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const target = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(target);
  zip_t* const archive = zip_open_from_source(target, ZIP_TRUNCATE, &error);
  if (archive == nullptr) throw std::runtime_error("cannot make a zip archive");
  for (const auto& [name, content] : files) {
    zip_source_t* const source = zip_source_buffer(archive, content.data(), content.size(), 0);
    const zip_int64_t index = zip_file_add(archive, name.c_str(), source, 0);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), packed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 9);
    if (password != nullptr) {
      zip_file_set_encryption(archive, static_cast<zip_uint64_t>(index), ZIP_EM_AES_128, password);
    }
  }
  if (zip_close(archive) != 0) throw std::runtime_error("cannot write a zip archive");
  zip_stat_t about;
  zip_source_stat(target, &about);
  std::string bytes(about.size, '\0');
  zip_source_open(target);
  zip_source_read(target, bytes.data(), bytes.size());
  zip_source_close(target);
  zip_source_free(target);
  zip_error_fini(&error);
  return bytes;
}

inline const std::string docx_relations =
    R"(<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>)";

inline std::string docx_body(const std::string& inside) {
  return R"(<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>)" +
         inside + "</w:body></w:document>";
}

inline std::string docx_paragraph(const std::string& text) {
  return "<w:p><w:r><w:t xml:space=\"preserve\">" + text + "</w:t></w:r></w:p>";
}

inline std::string make_docx(const std::string& document_xml, const std::string& core_xml = {}, bool packed = true) {
  std::vector<std::pair<std::string, std::string>> files{
      {"[Content_Types].xml", "<Types/>"}, {"_rels/.rels", docx_relations}, {"word/document.xml", document_xml}};
  if (!core_xml.empty()) files.emplace_back("docProps/core.xml", core_xml);
  return make_zip(files, packed);
}

/// A PDF of one page with this line on it.
inline std::string make_pdf(const std::string& line, const std::string& title = {}) {
  const std::string stream = "BT /F1 12 Tf 72 720 Td (" + line + ") Tj ET";
  std::vector<std::string> objects{
      "<< /Type /Catalog /Pages 2 0 R >>",
      "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
      "<< /Length " + std::to_string(stream.size()) + " >>\nstream\n" + stream + "\nendstream",
      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
      "<< /Title (" + title + ") >>"};
  std::string pdf = "%PDF-1.4\n";
  std::string table = "xref\n0 7\n0000000000 65535 f \n";
  for (std::size_t i = 0; i < objects.size(); ++i) {
    std::string offset = std::to_string(pdf.size());
    table += std::string(10 - offset.size(), '0') + offset + " 00000 n \n";
    pdf += std::to_string(i + 1) + " 0 obj\n" + objects[i] + "\nendobj\n";
  }
  return pdf + table + "trailer\n<< /Size 7 /Root 1 0 R /Info 6 0 R >>\nstartxref\n" + std::to_string(pdf.size()) +
         "\n%%EOF\n";
}

}  // namespace docupilot_test
