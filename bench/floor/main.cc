// The floor that Slipway is measured against: the same messages, sent by a program that does nothing else.
//
//   floor --count N [--existing K] [--bridge docker0] [--first-address 172.17.0.2] [--first-port 20000] [--first-byte]
//
// Run it in a namespace of its own where the bridge and the tables of Slipway exist already. It brings up K
// endpoints that are not counted and then N that are, one after another, each with one published port, leaves
// them, and prints the nanoseconds of each as JSON.
#include <arpa/inet.h>
#include <getopt.h>
#include <net/if.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

#include "bring_up.h"

namespace bench {
namespace {

struct Options {
  unsigned count = 100, existing = 0;
  std::string bridge = "docker0", first_address = "172.17.0.2";
  uint16_t first_port = 20000;
  bool first_byte = false;
};

Options read_options(int argc, char** argv) {
  const option known[] = {{"count", 1, nullptr, 'c'},         {"existing", 1, nullptr, 'e'},
                          {"bridge", 1, nullptr, 'b'},        {"first-address", 1, nullptr, 'a'},
                          {"first-port", 1, nullptr, 'p'},    {"first-byte", 0, nullptr, 'f'},
                          {nullptr, 0, nullptr, 0}};
  Options options;
  for (int which; (which = getopt_long(argc, argv, "", known, nullptr)) != -1;) {
    if (which == 'c') options.count = static_cast<unsigned>(std::atoi(optarg));
    else if (which == 'e') options.existing = static_cast<unsigned>(std::atoi(optarg));
    else if (which == 'b') options.bridge = optarg;
    else if (which == 'a') options.first_address = optarg;
    else if (which == 'p') options.first_port = static_cast<uint16_t>(std::atoi(optarg));
    else if (which == 'f') options.first_byte = true;
    else std::exit(2);
  }
  return options;
}

uint32_t address_of(const std::string& text) {
  in_addr address;
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) give_up(text, EINVAL);
  return address.s_addr;
}

// Slipway turns hairpin mode on where br_netfilter is.
bool needs_hairpin() {
  std::ifstream file("/proc/sys/net/bridge/bridge-nf-call-iptables");
  char value = '0';
  return file.get(value) && value == '1';
}

Network describe_network(const Options& options) {
  Network network;
  network.bridge_index = if_nametoindex(options.bridge.c_str());
  if (network.bridge_index == 0) give_up(options.bridge, errno);
  // The /16 that the first address is in, its first address being the bridge's.
  uint32_t first = ntohl(address_of(options.first_address));
  network.gateway = htonl((first & 0xffff0000) | 1);
  network.broadcast = htonl(first | 0xffff);
  network.hairpin = needs_hairpin();
  return network;
}

Endpoint describe_endpoint(const Options& options, unsigned number) {
  uint32_t address = ntohl(address_of(options.first_address)) + number;
  auto byte = [address](int shift) { return static_cast<uint8_t>(address >> shift); };
  char link[IFNAMSIZ];
  char owner[64];
  std::snprintf(link, sizeof link, "vethf%010x", address);
  std::snprintf(owner, sizeof owner, "floor%u (f%011x)", number, address);
  return {"/run/netns/floor" + std::to_string(address),
          link,
          owner,
          {0x02, 0x42, byte(24), byte(16), byte(8), byte(0)},
          htonl(address),
          static_cast<uint16_t>(options.first_port + number),
          80};
}

// One mistyped command must not make endpoints on the machine itself. scripts/in-own-namespaces.sh is known by the
// /run that it mounts.
void require_own_namespaces() {
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);) {
    if (line.starts_with("slipway /run tmpfs ")) return;
  }
  give_up("run me by scripts/in-own-namespaces.sh", EPERM);
}

void print_list(const char* name, const std::vector<Times>& list, int64_t (*pick)(const Times&, std::size_t),
                std::size_t index) {
  std::printf("\"%s\":[", name);
  for (std::size_t i = 0; i < list.size(); ++i) {
    std::printf("%s%lld", i == 0 ? "" : ",", static_cast<long long>(pick(list[i], index)));
  }
  std::printf("]");
}

void print(const std::vector<Times>& list) {
  std::printf("{\"unit\":\"ns\",");
  print_list("total", list, [](const Times& times, std::size_t) { return times.total; }, 0);
  std::printf(",");
  print_list("firstByte", list, [](const Times& times, std::size_t) { return times.first_byte; }, 0);
  std::printf(",\"phases\":{");
  for (std::size_t phase = 0; phase < kPhases.size(); ++phase) {
    if (phase > 0) std::printf(",");
    print_list(kPhases[phase], list, [](const Times& times, std::size_t i) { return times.phases[i]; }, phase);
  }
  std::printf("}}\n");
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  using namespace bench;
  Options options = read_options(argc, argv);
  require_own_namespaces();
  Network network = describe_network(options);
  std::vector<Endpoint> endpoints;
  for (unsigned number = 0; number < options.existing + options.count; ++number) {
    endpoints.push_back(describe_endpoint(options, number));
  }
  std::vector<Times> times;
  times.reserve(endpoints.size());
  Host host;
  for (const Endpoint& endpoint : endpoints) times.push_back(host.bring_up(network, endpoint, options.first_byte));
  times.erase(times.begin(), times.begin() + options.existing);
  print(times);
}
