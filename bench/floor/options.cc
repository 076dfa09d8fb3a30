#include "options.h"

#include <getopt.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "netlink.h"

namespace bench {
namespace {

void read_way(Ways& ways, const std::string& name) {
  if (name == "moved-peer") ways.moved_peer = true;
  else if (name == "default-queues") ways.default_queues = true;
  else if (name == "ipv6") ways.ipv6 = true;
  else if (name == "unbatched") ways.unbatched = true;
  else if (name == "hop") ways.hop = true;
  else give_up("--way=" + name, EINVAL);
}

Claims read_claims(const std::string& name) {
  if (name == "hash") return Claims::hash;
  if (name == "interval") return Claims::interval;
  if (name == "rule") return Claims::rule;
  if (name == "verdict") return Claims::verdict;
  give_up("--claims=" + name, EINVAL);
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

unsigned number(const char* text) { return static_cast<unsigned>(std::strtoul(text, nullptr, 10)); }

}  // namespace

Options read_options(int argc, char** argv) {
  const option known[] = {{"count", 1, nullptr, 'c'},      {"existing", 1, nullptr, 'e'},
                          {"ports", 1, nullptr, 'n'},      {"at-once", 1, nullptr, 'o'},
                          {"threads", 1, nullptr, 't'},    {"seconds", 1, nullptr, 's'},
                          {"bridges", 1, nullptr, 'b'},    {"first-address", 1, nullptr, 'a'},
                          {"first-port", 1, nullptr, 'p'}, {"way", 1, nullptr, 'w'},
                          {"claims", 1, nullptr, 'l'},     {"first-byte", 0, nullptr, 'f'},
                          {"server", 1, nullptr, 'S'},     {"client", 1, nullptr, 'C'},
                          {"host", 1, nullptr, 'H'},       {"ports-per-bridge", 1, nullptr, 'B'},
                          {"parent", 1, nullptr, 'P'},     {"kind", 1, nullptr, 'k'},
                          {nullptr, 0, nullptr, 0}};
  Options options;
  for (int which; (which = getopt_long(argc, argv, "", known, nullptr)) != -1;) {
    if (which == 'c') options.count = number(optarg);
    else if (which == 'e') options.existing = number(optarg);
    else if (which == 'n') options.ports = number(optarg);
    else if (which == 'o') options.at_once = number(optarg);
    else if (which == 't') options.threads = number(optarg);
    else if (which == 's') options.seconds = std::atof(optarg);
    else if (which == 'b') options.bridges = split(optarg);
    else if (which == 'a') options.first_address = optarg;
    else if (which == 'p') options.first_port = static_cast<uint16_t>(number(optarg));
    else if (which == 'w') read_way(options.ways, optarg);
    else if (which == 'l') options.claims = read_claims(optarg);
    else if (which == 'B') options.ports_per_bridge = number(optarg);
    else if (which == 'S') options.server = optarg;
    else if (which == 'C') options.client = optarg;
    else if (which == 'H') options.host = optarg;
    else if (which == 'P') options.parent = optarg;
    else if (which == 'k') options.kind = optarg;
    else if (which == 'f') options.first_byte = true;
    else std::exit(2);
  }
  options.mode = optind < argc ? argv[optind] : "endpoints";
  return options;
}

}  // namespace bench
