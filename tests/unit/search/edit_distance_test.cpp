#include "search/edit_distance.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using docupilot::search::edit_distance;

namespace {

// The definition, without any of the short cuts.
std::size_t plain_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

TEST_CASE("one letter more, less, other, or two swapped are one edit") {
  CHECK(edit_distance("table", "table", 2) == 0);
  CHECK(edit_distance("table", "tables", 2) == 1);
  CHECK(edit_distance("table", "tale", 2) == 1);
  CHECK(edit_distance("table", "cable", 2) == 1);
  CHECK(edit_distance("table", "tabel", 2) == 1);
  CHECK(edit_distance("receive", "recieve", 2) == 1);
  CHECK(edit_distance("separate", "seperater", 2) == 2);
  CHECK(edit_distance("", "ab", 2) == 2);
}

TEST_CASE("characters count, not bytes") {
  CHECK(edit_distance("\u00e4b", "ab", 2) == 1);
  CHECK(edit_distance("\u043c\u0438\u0440", "\u043c\u0440\u0438", 2) == 1);
  CHECK(edit_distance("\u4e2d", "", 2) == 1);
  CHECK(edit_distance("\xff\xfe", "\xfe\xff", 2) == 1);
}

TEST_CASE("beyond the limit is the limit and one") {
  CHECK(edit_distance("table", "chair", 2) == 3);
  CHECK(edit_distance("a", "abcdef", 1) == 2);
  CHECK(edit_distance("abc", "abd", 0) == 1);
}

TEST_CASE("it is what its definition says, also for long words") {
  std::mt19937 random(5);
  const auto word = [&](std::size_t longest) {
    std::string out;
    for (std::size_t size = random() % (longest + 1); size > 0; --size) out += static_cast<char>('a' + random() % 3);
    return out;
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::string a = word(i % 100 == 0 ? 90 : 8);
    const std::string b = word(i % 100 == 0 ? 90 : 8);
    const auto most = static_cast<std::size_t>(i % 5);
    CAPTURE(a);
    CAPTURE(b);
    CHECK(edit_distance(a, b, most) == std::min(plain_distance(a, b), most + 1));
    CHECK(edit_distance(a, b, most) == edit_distance(b, a, most));
  }
}
