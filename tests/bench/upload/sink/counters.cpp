#include "counters.h"

#include <array>
#include <utility>

namespace sink {

namespace {

template <class Self>
auto fields(Self& c) {
  using Field = std::pair<const char*, decltype(&c.connections)>;
  return std::array<Field, 19>{{{"connections", &c.connections},
                                {"requests", &c.requests},
                                {"expect", &c.expect},
                                {"put_object", &c.put_object},
                                {"put_part", &c.put_part},
                                {"create", &c.create},
                                {"complete", &c.complete},
                                {"abort", &c.abort},
                                {"list_parts", &c.list_parts},
                                {"body_bytes", &c.body_bytes},
                                {"data_bytes", &c.data_bytes},
                                {"acknowledged_bytes", &c.acknowledged_bytes},
                                {"acknowledged_again", &c.acknowledged_again},
                                {"acknowledged_again_bytes", &c.acknowledged_again_bytes},
                                {"error_500", &c.error_500},
                                {"slow_down_503", &c.slow_down_503},
                                {"reset", &c.reset},
                                {"stall", &c.stall},
                                {"breaches", &c.breaches}}};
}

}  // namespace

void Counters::clear() {
  for (const auto& [name, count] : fields(*this)) *count = 0;
}

std::string Counters::json() const {
  std::string out;
  for (const auto& [name, count] : fields(*this)) {
    out.append(out.empty() ? "{\"" : ",\"").append(name).append("\":").append(std::to_string(count->load()));
  }
  return out += '}';
}

}  // namespace sink
