// Sets of intervals with a single part. The kernel keeps the two ends of an interval as elements of their own: where it
// begins, and the first value behind it, which is marked and which an interval up to the last value of all does not
// have.
#pragma once

#include <vector>

#include "nft/element.h"
#include "nft/value.h"

namespace slipway::nft {

// The next value; false behind the last.
bool step_on(Value& value);

struct Boundary {
  Value at;
  bool end = false;
  // Of a beginning: what else the element says.
  ElementInfo info;
};

// Whole intervals, in the order of their values.
std::vector<ElementInfo> pair_boundaries(const Type& type, std::vector<Boundary> boundaries);

}  // namespace slipway::nft
