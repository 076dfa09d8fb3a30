// What was measured, as JSON on the standard output.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bring_up.h"

namespace bench {

using Lists = std::vector<std::pair<std::string, std::vector<int64_t>>>;

void print_lists(const Lists& lists);
// Of endpoints, with their phases. `wall` is the time of all of them.
void print_times(const std::vector<Times>& times, int64_t wall, const Lists& more = {});

}  // namespace bench
