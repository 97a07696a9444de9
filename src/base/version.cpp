#include <docupilot/base/version.h>

#define DOCUPILOT_TEXT_(x) #x
#define DOCUPILOT_TEXT(x) DOCUPILOT_TEXT_(x)

namespace docupilot::inline v1 {

std::string_view version() noexcept {
  return DOCUPILOT_TEXT(DOCUPILOT_VERSION_MAJOR) "." DOCUPILOT_TEXT(DOCUPILOT_VERSION_MINOR) "." DOCUPILOT_TEXT(
      DOCUPILOT_VERSION_PATCH);
}

}  // namespace docupilot::inline v1
