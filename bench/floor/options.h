// What the program is asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

// Ways to do it worse: what the choices that Slipway made are worth.
struct Ways {
  bool moved_peer = false;      // the peer is born here and moved, instead of born in the sandbox
  bool default_queues = false;  // as many queues as there may be CPUs, instead of one
  bool ipv6 = false;            // the kernel gives both ends an IPv6 link-local address
  bool unbatched = false;       // a sendmsg and a wait for each message, a transaction for each claim
  bool hop = false;             // each endpoint is handed to another thread, as a library has to
};

// How a published port is found: an element of a hash map; the same in a map of intervals; a rule for each; an element
// whose verdict leads to a chain for each.
enum class Claims { hash, interval, rule, verdict };

struct Options {
  std::string mode;  // endpoints, teardown, segment, publish, churn, connections, names
  unsigned count = 100, existing = 0;
  unsigned ports = 1;    // published by each endpoint
  unsigned at_once = 1;  // of `teardown`: removed one after another before anybody waits for the kernel
  unsigned threads = 1;  // of `endpoints`
  double seconds = 10;   // of `churn`, `connections` and `names`
  std::vector<std::string> bridges = {"docker0"};  // the network's own, then its further ones
  unsigned ports_per_bridge = 256;                 // lib/api/options.ts
  // Of `segment`: what links are a part of, and what kind of part: macvlan, ipvlan.
  std::string parent, kind = "macvlan";
  std::string first_address = "172.17.0.2";
  uint16_t first_port = 20000;
  bool first_byte = false;
  // Of `connections` and `names`: namespaces, and the address that leads from the one to the other.
  std::string server = "/proc/self/ns/net", client = "/proc/self/ns/net", host = "127.0.0.1";
  Ways ways;
  Claims claims = Claims::hash;
};

// Ends the program where it makes no sense.
Options read_options(int argc, char** argv);

}  // namespace bench
