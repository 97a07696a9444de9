#include "text/stem.h"

#include <string>

#include <libstemmer.h>

namespace docupilot::inline v1::text {

void Stemmer::Delete::operator()(sb_stemmer* stemmer) const noexcept { sb_stemmer_delete(stemmer); }

std::optional<Stemmer> Stemmer::make(std::string_view language) {
  std::string name(language.substr(0, language.find_first_of("-_")));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  std::unique_ptr<sb_stemmer, Delete> stemmer(sb_stemmer_new(name.c_str(), "UTF_8"));
  if (!stemmer) return std::nullopt;
  return Stemmer(std::move(stemmer));
}

std::string_view Stemmer::stem(std::string_view word) {
  static constexpr std::size_t longest_word = 128;  // what is longer is data, not language
  if (word.size() > longest_word) return word;
  const auto* symbols = reinterpret_cast<const sb_symbol*>(word.data());
  const sb_symbol* stem = sb_stemmer_stem(stemmer_.get(), symbols, static_cast<int>(word.size()));
  if (stem == nullptr) return word;
  return {reinterpret_cast<const char*>(stem), static_cast<std::size_t>(sb_stemmer_length(stemmer_.get()))};
}

}  // namespace docupilot::inline v1::text
