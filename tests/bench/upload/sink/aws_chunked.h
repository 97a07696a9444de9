#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "signature.h"

namespace sink {

/// A body without its aws-chunked framing.
struct Unframed {
  std::string fault;  ///< What is wrong with the framing or a signature in it; empty: nothing.
  std::string bytes;
  std::vector<std::pair<std::string, std::string>> trailers;  ///< Names in lower case.
};

/// Parses `raw` to its last byte. `payload`: the value of x-amz-content-sha256, which says whether chunks are signed
/// and trailers come. `by` is null where nobody signed, which is a fault of a framing that is signed. Every chunk but
/// the last that has data must have 8 KiB, as S3 asks.
[[nodiscard]] Unframed parse_aws_chunked(std::string_view raw, std::string_view payload, const SignedBy* by);

}  // namespace sink
