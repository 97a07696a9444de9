// Whatever is asked, the index answers: no error, hits that can be there, snippets that are UTF-8.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <docupilot/search/sqlite_index.h>

#include "base/utf8.h"
#include "fuzz/insist.h"

using namespace docupilot;
using docupilot_test::insist;

namespace {

std::unique_ptr<SearchIndex> small_index() {
  auto index = open_sqlite_index({.path = ":memory:"}).value();
  std::vector<IndexEntry> entries;
  for (const char* text :
       {"alpha beta gamma delta", "beta pg_stat_activity 15.3 C++ user's", "\u00c5ngstr\u00f6m \u6570\u636e\u5e93",
        "connections connected to the other server and not or near", ""}) {
    IndexEntry entry;
    entry.document.id = "d" + std::to_string(entries.size());
    entry.document.title = "Title of alpha";
    entry.document.tags = {"x", "y"};
    entry.text = text;
    entries.push_back(std::move(entry));
  }
  index->upsert(entries).value();
  return index;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto index = small_index();
  if (size < 1) return 0;
  SearchQuery query;
  query.typo_tolerance = (data[0] & 1) != 0;
  query.limit = 1 + (data[0] >> 1 & 3);
  query.snippet_words = data[0] >> 3 & 31;
  if ((data[0] & 64) != 0) query.facets = {"tags"};
  if ((data[0] & 128) != 0) query.filter = field("tags").contains("x");
  query.text.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto result = index->query(query);
  insist(result.has_value());
  insist(result->hits.size() <= query.limit);
  insist(result->estimated_total >= result->hits.size() && result->estimated_total <= 5);
  for (const SearchHit& hit : result->hits) insist(!hit.id.empty() && is_utf8(hit.snippet));
  for (const Correction& c : result->corrections) insist(!c.from.empty() && !c.to.empty() && c.from != c.to);
  return 0;
}
