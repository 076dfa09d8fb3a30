// Publishes one more port of an endpoint that is up, beside as many as there are, in each way that nf_tables offers.
// For all but Claims::hash somebody has made a table `ip ablation` with a chain `ports` and, where it takes one, a map
// `ports` beforehand.
#pragma once

#include <cstdint>
#include <vector>

#include "bring_up.h"
#include "options.h"

namespace bench {

struct Published {
  std::vector<int64_t> added, removed, connected;  // nanoseconds, one for each port
};

// `existing` ports are published first, to nobody. With `connect`, a byte is fetched through each new port.
Published publish(Host& host, const Endpoint& endpoint, Claims claims, unsigned existing, unsigned count, bool connect);

}  // namespace bench
