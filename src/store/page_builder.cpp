#include "store/page_builder.h"

#include <algorithm>

namespace docupilot::inline v1 {

namespace {

// The least text above all that begin with `prefix`: its last byte is never 0xff in UTF-8.
std::string behind(std::string prefix) {
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

// Where the part up to the first delimiter behind the prefix ends; npos when there is none.
std::size_t fold_end(const ListOptions& options, const std::string& key) {
  if (options.delimiter.empty()) return std::string::npos;
  const std::size_t at = key.find(options.delimiter, options.prefix.size());
  return at == std::string::npos ? at : at + options.delimiter.size();
}

}  // namespace

PageBuilder::PageBuilder(const ListOptions& options) : options_(options), from_(options.prefix) {
  const std::string& token = options.page_token;
  if (token.empty()) return;
  const bool folded = fold_end(options, token) == token.size();
  from_ = std::max(from_, folded ? behind(token) : token + '\0');
}

PageBuilder::Step PageBuilder::offer(const std::string& key) {
  if (key < from_) return Step::skip;
  if (!key.starts_with(options_.prefix)) return Step::stop;
  if (page_.objects.size() + page_.prefixes.size() >= options_.limit) {
    page_.next_page_token = last_;
    return Step::stop;
  }
  const std::size_t end = fold_end(options_, key);
  last_ = key.substr(0, end);
  if (end == std::string::npos) return Step::take;
  page_.prefixes.push_back(last_);
  from_ = behind(last_);
  return Step::skip;
}

void PageBuilder::add(ObjectInfo info) { page_.objects.push_back(std::move(info)); }

ObjectPage PageBuilder::finish() && { return std::move(page_); }

}  // namespace docupilot::inline v1
