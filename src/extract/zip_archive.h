#pragma once

#include <zip.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <docupilot/extract/extractor.h>

namespace docupilot::inline v1 {

/// A zip archive in memory that the caller keeps alive, from hands that may be hostile: what its headers say of sizes
/// is not believed.
class ZipArchive {
 public:
  /// Errors: corrupted when it is no zip archive, too_large when it holds an absurd number of files.
  [[nodiscard]] static Result<ZipArchive> open(std::string_view bytes);

  /// The bytes of one file, nothing when there is none of this name. Errors: too_large past `limits.markup` bytes or
  /// `limits.compression_ratio`; corrupted when it is damaged or encrypted.
  [[nodiscard]] Result<std::optional<std::string>> read(const std::string& name, const ExtractLimits& limits,
                                                        const Context& context) const;

 private:
  explicit ZipArchive(zip_t* archive, std::size_t size) : archive_(archive, &zip_discard), size_(size) {}

  std::unique_ptr<zip_t, decltype(&zip_discard)> archive_;
  std::size_t size_;
};

}  // namespace docupilot::inline v1
