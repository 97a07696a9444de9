#include "text/abbreviations.h"

#include <algorithm>
#include <array>

namespace docupilot::inline v1::text {

namespace {

constexpr auto sorted(auto words) {
  std::ranges::sort(words);
  return words;
}

constexpr auto go_on = sorted(std::to_array<std::string_view>(
    {// English and Latin
     "adm", "approx", "asst", "attn", "brig", "ca", "capt", "cf", "cmdr", "col", "cpl", "dr", "drs", "e.g", "eg", "esp",
     "excl", "ft", "gen", "gov", "hon", "i.e", "ie", "incl", "lt", "maj", "messrs", "mr", "mrs", "ms", "mt", "mx", "op",
     "pres", "prof", "rep", "resp", "rev", "sen", "sgt", "st", "supt", "viz", "vs",
     // German
     "allg", "bspw", "bzgl", "bzw", "chr", "d.h", "dipl", "dgl", "einschl", "entspr", "evtl", "exkl", "geb", "gegr",
     "ggf", "hr", "hrn", "hrsg", "i.d.r", "ing", "inkl", "insb", "jh", "med", "mind", "o.ä", "phil", "sog", "u.a",
     "urspr", "v.a", "vgl", "z.b", "z.t", "zzgl",
     // French, Spanish, Italian, Portuguese, Dutch
     "av", "bijv", "d.w.z", "dhr", "dott", "dña", "dra", "env", "exma", "exmo", "m.b.t", "mevr", "mgr", "mlle", "mm",
     "mme", "mw", "o.a", "p.ej", "p.ex", "sig", "sr", "sra", "srta", "t.o.v", "ud", "uds",
     // Scandinavian, Polish, Czech, Russian, Turkish
     "bkz", "bl.a", "dvs", "f.eks", "m.m", "np", "örn", "sn", "t.ex", "tj", "tzn", "tzv", "ul", "zob", "в.т.ч", "гр",
     "им", "напр", "проф", "см", "ср", "т.е", "т.к", "ул"}));

constexpr auto before_numbers = sorted(std::to_array<std::string_view>(
    {"abb",  "abs", "abschn", "app",  "apr", "art", "aug", "bd",  "ch",   "chap", "dec", "eq",   "eqs",
     "feb",  "fig", "figs",   "jan",  "jul", "jun", "kap", "mar", "no",   "nos",  "nov", "nr",   "nro",
     "num",  "núm", "oct",    "p",    "pag", "pp",  "pág", "ref", "refs", "s",    "sec", "sect", "sep",
     "sept", "tab", "vol",    "vols", "гл",  "п",   "пп",  "рис", "стр",  "табл", "ч"}));

constexpr auto may_end = sorted(std::to_array<std::string_view>(
    {"a.c",  "al",  "b.c", "bros",  "co", "corp", "dept", "est", "inc",  "jr",  "llc", "ltd",
     "ph.d", "snr", "tel", "z.o.o", "г",  "гг",   "д",    "млн", "млрд", "н.э", "руб", "тыс"}));

constexpr auto list_ends = sorted(std::to_array<std::string_view>(
    {"a.m", "ecc", "etc", "itd", "itp", "m.fl", "osv", "p.m", "u.ä", "usw", "vb", "vd", "др", "пр", "т.д", "т.п"}));

}  // namespace

Abbreviation abbreviation(std::string_view word) noexcept {
  if (std::ranges::binary_search(go_on, word)) return Abbreviation::goes_on;
  if (std::ranges::binary_search(before_numbers, word)) return Abbreviation::before_number;
  if (std::ranges::binary_search(may_end, word)) return Abbreviation::may_end;
  if (std::ranges::binary_search(list_ends, word)) return Abbreviation::ends_list;
  return Abbreviation::none;
}

}  // namespace docupilot::inline v1::text
