// Several plans at once: what each has for nf_tables goes to the kernel in one transaction, as each of those has a
// price of its own.
//
// Thread: the one that owns the Kernel.
#pragma once

#include <vector>

#include "executor/runner.h"

namespace slipway {

// A plan, and the operation before which it stops.
struct Share {
  Runner* runner;
  uint32_t end;
};

// As Runner::run() with each, one after the other: nobody is refused for what is another's.
void run_together(Kernel& kernel, const std::vector<Share>& shares);

}  // namespace slipway
