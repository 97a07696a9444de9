#include "extract/zip_archive.h"

#include <algorithm>

#include "base/try.h"

namespace docupilot::inline v1 {

namespace {

constexpr zip_int64_t most_files = 100'000;

/// libzip's error codes, as text and as what to do.
Error zip_failure(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  if (code == ZIP_ER_MEMORY)
    return Error(ErrorCode::exhausted, "out of memory while unpacking").hint("free some memory");
  if (code == ZIP_ER_COMPNOTSUPP || code == ZIP_ER_ENCRNOTSUPP || code == ZIP_ER_NOPASSWD ||
      code == ZIP_ER_WRONGPASSWD) {
    return Error(ErrorCode::corrupted, "the archive is encrypted or packed in an unknown way: " + text)
        .hint("save the document without a password");
  }
  return Error(ErrorCode::corrupted, "the archive is damaged: " + text)
      .hint("the file may be cut off: fetch or upload it again");
}

}  // namespace

Result<ZipArchive> ZipArchive::open(std::string_view bytes) {
  zip_error_t error;
  zip_error_init(&error);
  const auto fail = [&error](zip_source_t* source) {
    const int code = zip_error_code_zip(&error);
    zip_error_fini(&error);
    if (source != nullptr) zip_source_free(source);
    return zip_failure(code);
  };
  zip_source_t* const source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr) return fail(nullptr);
  zip_t* const opened = zip_open_from_source(source, ZIP_RDONLY, &error);
  if (opened == nullptr) return fail(source);
  zip_error_fini(&error);
  ZipArchive archive(opened, bytes.size());
  if (zip_get_num_entries(opened, 0) > most_files) {
    return Error(ErrorCode::too_large, "the archive holds more than " + std::to_string(most_files) + " files")
        .hint("this is no document that a word processor writes");
  }
  return archive;
}

Result<std::optional<std::string>> ZipArchive::read(const std::string& name, const ExtractLimits& limits,
                                                    const Context& context) const {
  zip_t* const archive = archive_.get();
  const zip_int64_t index = zip_name_locate(archive, name.c_str(), 0);
  if (index < 0) return std::optional<std::string>();
  const auto entry = static_cast<zip_uint64_t>(index);
  zip_stat_t about;
  zip_stat_init(&about);
  if (zip_stat_index(archive, entry, 0, &about) != 0) return zip_failure(zip_error_code_zip(zip_get_error(archive)));
  if ((about.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && about.encryption_method != ZIP_EM_NONE) {
    return zip_failure(ZIP_ER_NOPASSWD);
  }
  const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(zip_fopen_index(archive, entry, 0), &zip_fclose);
  if (!file) return zip_failure(zip_error_code_zip(zip_get_error(archive)));

  // The packed size bounds what can be read, so lying about it is of no use; the unpacked size is counted here.
  const std::uint64_t packed = std::max<std::uint64_t>(1, std::min<std::uint64_t>(about.comp_size, size_));
  const std::uint64_t ratio_limit = packed * limits.compression_ratio;
  std::string bytes;
  std::string chunk(64U << 10U, '\0');
  for (;;) {
    DOCUPILOT_CHECK(context.check("extract"));
    const zip_int64_t count = zip_fread(file.get(), chunk.data(), chunk.size());
    if (count < 0) return zip_failure(zip_error_code_zip(zip_file_get_error(file.get())));
    if (count == 0) break;
    bytes.append(chunk, 0, static_cast<std::size_t>(count));
    if (bytes.size() > ratio_limit) {
      return Error(ErrorCode::too_large, "'" + name + "' unpacks to more than " +
                                             std::to_string(limits.compression_ratio) + " times its size")
          .hint("it may be a zip bomb; else raise ExtractLimits::compression_ratio");
    }
    if (bytes.size() > limits.markup) {
      return Error(ErrorCode::too_large,
                   "'" + name + "' unpacks to more than " + std::to_string(limits.markup) + " bytes")
          .hint("raise ExtractLimits::markup, or split the document");
    }
  }
  return std::optional<std::string>(std::move(bytes));
}

}  // namespace docupilot::inline v1
