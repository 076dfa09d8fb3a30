#include "bring_up.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <vector>

#include "first_byte.h"
#include "since.h"

namespace bench {
namespace {

constexpr const char* kOwn = "/proc/thread-self/ns/net";

int open_own_namespace() {
  int fd = open(kOwn, O_RDONLY | O_CLOEXEC);
  if (fd < 0) give_up(kOwn, errno);
  return fd;
}

// A namespace named by a bind mount, and a socket born in it. The thread is back home afterwards.
int make_namespace(const std::string& path, int home, std::optional<Socket>& rtnl) {
  int claim = open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
  if (claim < 0) give_up(path, errno);
  close(claim);
  if (unshare(CLONE_NEWNET) != 0) give_up("unshare", errno);
  int netns = open_own_namespace();
  rtnl.emplace(NETLINK_ROUTE);
  if (mount(kOwn, path.c_str(), "none", MS_BIND, nullptr) != 0) give_up("mount on " + path, errno);
  if (setns(home, CLONE_NEWNET) != 0) give_up("setns", errno);
  return netns;
}

// No message can say it.
void disable_ipv6(const std::string& link) {
  std::string path = "/proc/sys/net/ipv6/conf/" + link + "/disable_ipv6";
  int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, "1", 1) != 1) give_up(path, errno);
  close(fd);
}

uint32_t number_of_eth0(int netns, int home) {
  if (setns(netns, CLONE_NEWNET) != 0) give_up("setns", errno);
  uint32_t index = if_nametoindex("eth0");
  if (setns(home, CLONE_NEWNET) != 0) give_up("setns", errno);
  return index;
}

}  // namespace

int reserve_port(uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(port);
  if (bind(fd, reinterpret_cast<sockaddr*>(&place), sizeof place) != 0) give_up("bind the published port", errno);
  return fd;
}

void Host::take_off_segment(const Endpoint& endpoint) {
  int netns = open(endpoint.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (netns < 0) give_up(endpoint.path, errno);
  if (setns(netns, CLONE_NEWNET) != 0) give_up("setns", errno);
  {
    Socket inside(NETLINK_ROUTE);
    put_gone(messages_);
    inside.talk(messages_, "delete the link");
  }
  if (setns(home_, CLONE_NEWNET) != 0) give_up("setns", errno);
  close(netns);
}

Host::Host() : home_(open_own_namespace()), rtnl_(NETLINK_ROUTE), nft_(NETLINK_NETFILTER) {}

void Host::talk(const Network& network, Socket& socket, const char* what) {
  if (network.ways.unbatched) socket.talk_one_by_one(messages_, what);
  else socket.talk(messages_, what);
}

Times Host::bring_up(Network& network, const Endpoint& endpoint, bool with_first_byte) {
  std::optional<Socket> inside;
  std::vector<int> ports;
  std::array<Clock::time_point, kPhases.size() + 1> at;

  at[0] = Clock::now();
  for (unsigned i = 0; i < endpoint.ports; ++i)
    ports.push_back(reserve_port(static_cast<uint16_t>(endpoint.host_port + i)));
  at[1] = Clock::now();
  if (network.ways.unbatched) {
    claim_one_by_one(nft_, messages_, endpoint);
  } else {
    put_claims(messages_, network, endpoint);
    nft_.talk(messages_, "claim address and port");
  }
  at[2] = Clock::now();
  int netns = make_namespace(endpoint.path, home_, inside);
  at[3] = Clock::now();
  if (network.parent != 0) {
    put_part(messages_, network, endpoint, netns);
    talk(network, rtnl_, "create the part of the parent");
  } else {
    put_link(messages_, network, endpoint, netns);
    talk(network, rtnl_, "create the veth");
    if (!network.ways.ipv6) disable_ipv6(endpoint.host_link);
    put_raised(messages_, network, endpoint, rtnl_.made());
    talk(network, rtnl_, "raise the veth");
  }
  if (network.peer_index == 0) network.peer_index = number_of_eth0(netns, home_);  // once
  at[4] = Clock::now();
  put_configuration(messages_, network, endpoint);
  talk(network, *inside, "configure the sandbox");
  if (network.parent == 0) {
    put_settle(messages_, endpoint);
    rtnl_.talk(messages_, "settle the link");
  }
  at[5] = Clock::now();
  for (int port : ports) close(port);
  inside.reset();
  if (!with_first_byte) close(netns);
  auto end = Clock::now();

  Times times{};
  for (std::size_t i = 0; i < kPhases.size(); ++i) times.phases[i] = between(at[i], at[i + 1]);
  times.total = between(at[0], end);
  if (with_first_byte) {
    first_byte(netns, home_, endpoint.host_port, endpoint.container_port);
    times.first_byte = since(at[0]);
    close(netns);
  }
  return times;
}

void Host::take_down(const Network& network, const Endpoint& endpoint) {
  if (network.parent != 0) take_off_segment(endpoint);
  if (endpoint.leaf_of != 0) {
    put_lead_away(messages_, endpoint);
    rtnl_.talk(messages_, "take the route away");
  }
  put_release(messages_, network, endpoint);
  nft_.talk(messages_, "give address and port back");
  if (umount2(endpoint.path.c_str(), MNT_DETACH) != 0) give_up("umount " + endpoint.path, errno);
  if (unlink(endpoint.path.c_str()) != 0) give_up("unlink " + endpoint.path, errno);
}

}  // namespace bench
