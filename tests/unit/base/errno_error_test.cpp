#include "base/errno_error.h"

#include <cerrno>
#include <utility>

#include <doctest/doctest.h>

using namespace docupilot;

TEST_CASE("an errno becomes the code that says what the caller can do about it") {
  const std::pair<int, ErrorCode> rows[] = {
      {ENOENT, ErrorCode::not_found},         {EEXIST, ErrorCode::already_exists},
      {ENOSPC, ErrorCode::exhausted},         {EDQUOT, ErrorCode::exhausted},
      {ENOMEM, ErrorCode::exhausted},         {EMFILE, ErrorCode::exhausted},
      {ENFILE, ErrorCode::exhausted},         {EROFS, ErrorCode::permission_denied},
      {EACCES, ErrorCode::permission_denied}, {EPERM, ErrorCode::permission_denied},
      {EFBIG, ErrorCode::too_large},          {ENAMETOOLONG, ErrorCode::invalid_argument},
      {ELOOP, ErrorCode::invalid_argument},   {ENOTDIR, ErrorCode::invalid_argument},
      {EISDIR, ErrorCode::invalid_argument},  {ENOTSUP, ErrorCode::unsupported},
      {EBUSY, ErrorCode::conflict},           {EAGAIN, ErrorCode::unavailable},
      {ETIMEDOUT, ErrorCode::timeout},        {EIO, ErrorCode::internal},
  };
  for (const auto& [number, code] : rows) {
    CAPTURE(number);
    const Error error = errno_error(number, "cannot write the file");
    CHECK(to_string(error.code()) == to_string(code));
    CHECK_FALSE(error.hint().empty());
  }
}

TEST_CASE("an errno's error says what was done and what the system answered") {
  const Error error = errno_error(ENOSPC, "cannot write the file");
  CHECK(error.message() == "cannot write the file: No space left on device");
  CHECK(error.hint() == "free space or inodes on this file system, then try again");
}

TEST_CASE("an errno that is not known is an internal error") {
  CHECK(errno_error(987654, "cannot read").code() == ErrorCode::internal);
}
