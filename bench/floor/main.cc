// The floor that Slipway is measured against: the same messages, sent by a program that does nothing else.
//
// - floor endpoints: brings up --existing K endpoints that are not counted and then --count N that are, one after
// another
// - floor teardown: removes them again, --at-once of them before it waits for the kernel
// - floor segment: brings up such endpoints as parts of the link --parent, of a --kind, and takes them away again
// - floor publish: publishes --count N ports more of one endpoint beside --existing K ports that are published
// - floor churn: brings up and removes endpoints for --seconds
// - floor connect: fetches a byte through each of --count ports from --first-port on, from --server's port 80
// - floor connections: counts connections to --host:--first-port from the namespace --client to --server's port 80
// - floor names: asks a nameserver at --host:--first-port for "api" from the namespace --client, for twice --seconds
//
// Run it in a namespace of its own where the bridges and the tables of Slipway exist already. It leaves what it made,
// and prints nanoseconds as JSON. options.h has the other options.
#include <arpa/inet.h>
#include <net/if.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

#include "bring_up.h"
#include "connections.h"
#include "elsewhere.h"
#include "first_byte.h"
#include "names.h"
#include "print.h"
#include "publish.h"
#include "since.h"

namespace bench {
namespace {

constexpr uint16_t kContainerPort = 80;
// Nanoseconds until the kernel must have taken down what was removed.
constexpr int64_t kPatience = 60'000'000'000;
// Numbers that `churn` uses, over and over: 1000 names, addresses and ports.
constexpr unsigned kChurned = 1000;

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

uint32_t number_of(const std::string& link) {
  uint32_t index = if_nametoindex(link.c_str());
  if (index == 0) give_up(link, errno);
  return index;
}

Network describe_network(const Options& options) {
  Network network;
  if (options.parent.empty()) {
    for (const std::string& name : options.bridges) network.bridges.push_back(number_of(name));
  } else {
    network.parent = number_of(options.parent);
    network.kind = options.kind;
  }
  // The /16 that the first address is in, its first address being the bridge's.
  uint32_t first = ntohl(address_of(options.first_address));
  network.gateway = htonl((first & 0xffff0000) | 1);
  network.broadcast = htonl(first | 0xffff);
  network.hairpin = needs_hairpin();
  network.ways = options.ways;
  // A number that no namespace has given away by itself.
  if (options.ways.moved_peer) network.peer_index = 1 << 20;
  return network;
}

Endpoint describe_endpoint(const Network& network, const Options& options, unsigned number) {
  uint32_t address = ntohl(address_of(options.first_address)) + number;
  auto byte = [address](int shift) { return static_cast<uint8_t>(address >> shift); };
  char link[IFNAMSIZ];
  char owner[64];
  std::size_t place = number / options.ports_per_bridge;
  bool on_bridge = network.parent == 0;
  if (on_bridge && place >= network.bridges.size()) give_up("more endpoints than --bridges take", EXFULL);
  std::snprintf(link, sizeof link, "vethf%010x", address);
  std::snprintf(owner, sizeof owner, "floor%u (f%011x)", number, address);
  return {"/run/netns/floor" + std::to_string(address),
          link,
          on_bridge ? options.bridges.front() : options.parent,
          owner,
          {0x02, 0x42, byte(24), byte(16), byte(8), byte(0)},
          htonl(address),
          on_bridge ? network.bridges[place] : 0,
          on_bridge && place > 0 ? network.bridges.front() : 0,
          static_cast<uint16_t>(options.first_port + number * options.ports),
          kContainerPort,
          on_bridge ? options.ports : 0};
}

std::vector<Endpoint> describe_endpoints(const Network& network, const Options& options, unsigned count) {
  std::vector<Endpoint> endpoints;
  for (unsigned number = 0; number < count; ++number) endpoints.push_back(describe_endpoint(network, options, number));
  return endpoints;
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

std::size_t links() {
  auto all = std::filesystem::directory_iterator("/sys/class/net");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

void wait_for_links(std::size_t count) {
  for (auto began = Clock::now(); links() > count; std::this_thread::sleep_for(std::chrono::microseconds(500))) {
    if (since(began) > kPatience) give_up("links of removed endpoints", ETIMEDOUT);
  }
}

void bring_up_all(Network network, const Options& options) {
  std::vector<Endpoint> endpoints = describe_endpoints(network, options, options.existing + options.count);
  std::vector<Times> times(endpoints.size());
  Host host;
  std::optional<Elsewhere> elsewhere;
  if (options.ways.hop) elsewhere.emplace();
  auto began = Clock::now();
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    if (i == options.existing) began = Clock::now();
    auto work = [&] { times[i] = host.bring_up(network, endpoints[i], options.first_byte); };
    auto asked = Clock::now();
    if (elsewhere) elsewhere->run(work);
    else work();
    if (elsewhere) times[i].total = since(asked);
  }
  int64_t wall = since(began);
  times.erase(times.begin(), times.begin() + options.existing);
  print_times(times, wall);
}

// Side by side, each thread with its own sockets and its share of the endpoints.
void bring_up_by_threads(const Network& network, const Options& options) {
  std::vector<Endpoint> endpoints = describe_endpoints(network, options, options.count);
  std::vector<Times> times(endpoints.size());
  std::vector<std::thread> threads;
  auto began = Clock::now();
  for (unsigned first = 0; first < options.threads; ++first) {
    threads.emplace_back([&, first, mine = network]() mutable {
      Host host;
      for (std::size_t i = first; i < endpoints.size(); i += options.threads)
        times[i] = host.bring_up(mine, endpoints[i], false);
    });
  }
  for (std::thread& thread : threads) thread.join();
  print_times(times, since(began));
}

void tear_down(Network network, const Options& options) {
  std::vector<Endpoint> endpoints = describe_endpoints(network, options, options.existing + options.count);
  Host host;
  for (const Endpoint& endpoint : endpoints) host.bring_up(network, endpoint, false);
  endpoints.erase(endpoints.begin(), endpoints.begin() + options.existing);
  std::vector<int64_t> removed, completed;
  std::size_t left = links();
  for (std::size_t i = 0; i < endpoints.size();) {
    std::size_t end = std::min(endpoints.size(), i + options.at_once);
    left -= end - i;
    auto began = Clock::now();
    while (i < end) host.take_down(network, endpoints[i++]);
    removed.push_back(since(began));
    wait_for_links(left);
    completed.push_back(since(began));
  }
  print_lists({{"removed", removed}, {"completed", completed}});
}

// The clock of a removal stops when the kernel has been told; on the host there is no link whose end could be seen.
void come_to_segment_and_go(Network network, const Options& options) {
  std::vector<Endpoint> endpoints = describe_endpoints(network, options, options.existing + options.count);
  Host host;
  std::vector<Times> times;
  std::vector<int64_t> removed;
  auto began = Clock::now();
  for (const Endpoint& endpoint : endpoints) times.push_back(host.bring_up(network, endpoint, false));
  int64_t wall = since(began);
  times.erase(times.begin(), times.begin() + options.existing);
  for (std::size_t i = options.existing; i < endpoints.size(); ++i) {
    auto asked = Clock::now();
    host.take_down(network, endpoints[i]);
    removed.push_back(since(asked));
  }
  print_times(times, wall, {{"removed", removed}});
}

void publish_more(Network network, const Options& options) {
  Host host;
  Endpoint endpoint = describe_endpoint(network, options, 0);
  host.bring_up(network, endpoint, false);
  Published published = publish(host, endpoint, options.claims, options.existing, options.count, options.first_byte);
  print_lists({{"added", published.added}, {"removed", published.removed}, {"connected", published.connected}});
}

void connect_to_each(const Options& options) {
  Host host;
  int server = listen_inside(options.server, host.home(), kContainerPort);
  std::vector<int64_t> connected;
  for (unsigned i = 0; i < options.count; ++i) {
    auto began = Clock::now();
    byte_from(server, static_cast<uint16_t>(options.first_port + i));
    connected.push_back(since(began));
  }
  close(server);
  print_lists({{"connected", connected}});
}

void count_connections(const Options& options) {
  Connections made =
      connect_for(options.seconds, options.server, options.client, options.host, options.first_port, kContainerPort);
  print_lists({{"count", {made.count}}, {"nanoseconds", {made.nanoseconds}}});
}

void ask_for_names(const Options& options) {
  Answers answers = ask_for(options.seconds, options.client, options.host, options.first_port, "api");
  print_lists({{"times", answers.one_by_one}, {"count", {answers.count}}, {"nanoseconds", {answers.nanoseconds}}});
}

void come_and_go(Network network, const Options& options) {
  Host host;
  std::size_t before = links();
  std::vector<int64_t> created, removed;
  auto began = Clock::now();
  for (unsigned number = 0; since(began) < static_cast<int64_t>(options.seconds * 1e9); ++number) {
    Endpoint endpoint = describe_endpoint(network, options, number % kChurned);
    created.push_back(host.bring_up(network, endpoint, false).total);
    auto asked = Clock::now();
    host.take_down(network, endpoint);
    removed.push_back(since(asked));
    // The link of an earlier round has the same name.
    if (number % kChurned == kChurned - 1) wait_for_links(before);
  }
  int64_t wall = since(began);
  wait_for_links(before);
  print_lists({{"created", created}, {"removed", removed}, {"wall", {wall}}});
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  using namespace bench;
  Options options = read_options(argc, argv);
  require_own_namespaces();
  if (options.mode == "connections") count_connections(options);
  else if (options.mode == "names") ask_for_names(options);
  else if (options.mode == "connect") connect_to_each(options);
  else if (options.mode == "teardown") tear_down(describe_network(options), options);
  else if (options.mode == "segment") come_to_segment_and_go(describe_network(options), options);
  else if (options.mode == "publish") publish_more(describe_network(options), options);
  else if (options.mode == "churn") come_and_go(describe_network(options), options);
  else if (options.mode != "endpoints") give_up(options.mode, EINVAL);
  else if (options.threads > 1) bring_up_by_threads(describe_network(options), options);
  else bring_up_all(describe_network(options), options);
}
