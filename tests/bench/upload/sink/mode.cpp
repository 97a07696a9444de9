#include "mode.h"

#include <charconv>

#include "request.h"

namespace sink {

namespace {

// splitmix64's last step over FNV-1a: good enough to spread faults, and the same everywhere.
std::uint64_t mix(std::uint64_t seed, std::string_view path, int part, int attempt) {
  std::uint64_t hash = 0xcbf29ce484222325U ^ seed;
  const auto add = [&hash](std::uint64_t value) { hash = (hash ^ value) * 0x100000001b3U; };
  for (const char c : path) add(static_cast<unsigned char>(c));
  add(static_cast<std::uint64_t>(part) + 1);
  add(static_cast<std::uint64_t>(attempt) + 1);
  hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9U;
  hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111ebU;
  return hash ^ (hash >> 31U);
}

double fraction(std::uint64_t hash) { return static_cast<double>(hash >> 11U) / 9007199254740992.0; }

template <class Number>
bool read_number(std::string_view text, Number& into) {
  const auto end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, into);
  return error == std::errc() && at == end;
}

std::optional<std::vector<Fault>> read_faults(std::string_view text) {
  std::vector<Fault> faults;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (word == "500") faults.push_back(Fault::error_500);
    else if (word == "503") faults.push_back(Fault::slow_down_503);
    else if (word == "reset") faults.push_back(Fault::reset);
    else if (word == "stall") faults.push_back(Fault::stall);
    else return std::nullopt;
  }
  return faults;
}

std::optional<Mode> named(std::string_view name) {
  Mode mode;
  mode.name = name;
  if (name == "shaped") {
    mode.delay_ms = 30;
    mode.rate = 90'000'000;
  } else if (name == "faulty") {
    mode.fault_part = 0.01;
  } else if (name == "verify") {
    mode.verify = true;
  } else if (name != "fast") {
    return std::nullopt;
  }
  return mode;
}

}  // namespace

std::optional<Mode> Mode::from_query(std::string_view query) {
  auto mode = named(parameter(query, "mode").value_or("fast"));
  if (!mode) return mode;
  for (const auto& [name, value] : parameters(query)) {
    bool good = true;
    if (name == "mode") continue;
    if (name == "verify") mode->verify = value == "1";
    else if (name == "anonymous") mode->anonymous = value == "1";
    else if (name == "delay_ms") good = read_number(value, mode->delay_ms);
    else if (name == "rate") good = read_number(value, mode->rate);
    else if (name == "fault_part") good = read_number(value, mode->fault_part);
    else if (name == "seed") good = read_number(value, mode->seed);
    else if (name == "stall_ms") good = read_number(value, mode->stall_ms);
    else if (name == "faults") {
      const auto faults = read_faults(value);
      good = faults && !faults->empty();
      if (good) mode->faults = *faults;
    } else good = false;
    if (!good) return std::nullopt;
  }
  return mode;
}

Fault Mode::draw(std::string_view path, int part, int attempt) const {
  if (fault_part <= 0) return Fault::none;
  const std::uint64_t hash = mix(seed, path, part, attempt);
  return fraction(hash) < fault_part ? faults[hash % faults.size()] : Fault::none;
}

double Mode::place(std::string_view path, int part, int attempt) const {
  return fraction(mix(~seed, path, part, attempt));
}

}  // namespace sink
