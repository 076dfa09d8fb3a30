#include "nft/boundaries.h"

#include <algorithm>

namespace slipway::nft {

bool step_on(Value& value) {
  for (uint32_t at = value.length; at-- > 0;) {
    if (++value.bytes[at] != 0) return true;
  }
  return false;
}

std::vector<ElementInfo> pair_boundaries(const Type& type, std::vector<Boundary> boundaries) {
  // Where one interval ends and the next begins, the end comes first.
  std::sort(boundaries.begin(), boundaries.end(), [](const Boundary& a, const Boundary& b) {
    return a.at.bytes == b.at.bytes ? a.end && !b.end : a.at.bytes < b.at.bytes;
  });
  std::vector<ElementInfo> intervals;
  for (std::size_t i = 0; i < boundaries.size(); ++i) {
    if (boundaries[i].end) continue;
    Value last;
    last.length = boundaries[i].at.length;
    if (i + 1 < boundaries.size()) {
      last = boundaries[i + 1].at;
      for (uint32_t at = last.length; at-- > 0 && last.bytes[at]-- == 0;) {}
    } else {
      std::fill_n(last.bytes.begin(), last.length, uint8_t{0xff});
    }
    ElementInfo info = std::move(boundaries[i].info);
    info.key = format_range(type, boundaries[i].at.bytes.data(), last.bytes.data(), last.length);
    intervals.push_back(std::move(info));
  }
  return intervals;
}

}  // namespace slipway::nft
