#include <docupilot/source/source.h>

#include <exception>
#include <utility>

#include "base/try.h"
#include "source/posix_io.h"
#include "source/stream_source.h"

namespace docupilot::inline v1 {

namespace {

class CallbackSource final : public StreamSource {
 public:
  CallbackSource(std::function<Result<std::size_t>(MutableByteView)> fill, std::optional<std::uint64_t> size,
                 std::string name)
      : StreamSource(std::move(name)), fill_(std::move(fill)), size_(size) {}

  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

  Result<std::size_t> read(MutableByteView into, const Context& context) override {
    DOCUPILOT_CHECK(check_read(into, context));
    if (ended_) return std::size_t{0};
    DOCUPILOT_TRY(const std::size_t count, call(into));
    if (count > into.size()) return wrong("the function claims to have filled more than it was given room for");
    given_ += count;
    if (size_ && given_ > *size_) return wrong("more than " + std::to_string(*size_) + " bytes came");
    if (count > 0) return count;
    if (size_ && given_ < *size_) {
      return wrong("the bytes ended after " + std::to_string(given_) + " of " + std::to_string(*size_));
    }
    ended_ = true;
    return count;
  }

 private:
  /// Nothing may be thrown through the library, so what the caller's function throws becomes an error.
  Result<std::size_t> call(MutableByteView into) {
    std::string what = "something that is no std::exception";
    try {
      return fill_(into);
    } catch (const std::exception& thrown) {
      what = thrown.what();
    } catch (...) {
    }
    return Error(ErrorCode::internal, "the function that makes the bytes threw: " + what)
        .operation("read")
        .target(name())
        .hint("return an Error from the function instead");
  }

  [[nodiscard]] Error wrong(std::string message) const {
    return Error(ErrorCode::corrupted, std::move(message))
        .operation("read")
        .target(name())
        .hint("name the true size, or none when it is not known beforehand");
  }

  std::function<Result<std::size_t>(MutableByteView)> fill_;
  std::optional<std::uint64_t> size_;
  std::uint64_t given_ = 0;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Source> callback_source(std::function<Result<std::size_t>(MutableByteView)> fill,
                                        std::optional<std::uint64_t> size, std::string name) {
  return std::make_unique<CallbackSource>(std::move(fill), size, std::move(name));
}

}  // namespace docupilot::inline v1
