#include "rtnl/link_news.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "netlink/answer.h"

namespace slipway::rtnl {
namespace {

// What the kernel says of one link, with room to spare: it sends no longer datagram unasked.
constexpr std::size_t kDatagramBytes = 32 * 1024;
// So many are read at a time: the event loop has other work, too.
constexpr int kDatagrams = 64;
// What a socket holds of datagrams is less.
constexpr int kLostDatagrams = 4096;

}  // namespace

Status LinkNews::open() {
  UniqueFd opened(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!opened) return Failure::last("socket");
  // Connected to the kernel, it takes nothing that another process sends to its port.
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (connect(opened.get(), reinterpret_cast<sockaddr*>(&kernel), sizeof kernel) != 0) return Failure::last("connect");
  int group = RTNLGRP_LINK;
  if (setsockopt(opened.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
    return Failure::last("setsockopt");
  fd_ = std::move(opened);
  return kOk;
}

const std::map<std::string, int>& LinkNews::mean(const std::set<std::string>& names) {
  std::map<std::string, int> meant;
  for (const auto& name : names) {
    auto known = meant_.find(name);
    meant[name] = known == meant_.end() ? number_of(name) : known->second;
  }
  meant_ = std::move(meant);
  return meant_;
}

int LinkNews::number_of(const std::string& name) const {
  ifreq request{};
  if (name.size() >= IFNAMSIZ) return 0;
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  return ioctl(fd_.get(), SIOCGIFINDEX, &request) == 0 ? request.ifr_ifindex : 0;
}

bool LinkNews::read(std::set<std::string>& moved) {
  alignas(nlmsghdr) std::array<char, kDatagramBytes> room;
  bool lost = false;
  bool more = true;
  for (int left = kDatagrams; left > 0 && more; --left) {
    sockaddr_nl sender{};
    socklen_t size = sizeof sender;
    ssize_t received =
        recvfrom(fd_.get(), room.data(), room.size(), MSG_TRUNC, reinterpret_cast<sockaddr*>(&sender), &size);
    int error = received < 0 ? errno : 0;
    if (error == EAGAIN || error == EWOULDBLOCK) break;
    auto length = static_cast<std::size_t>(received);
    bool ours = size == sizeof sender && sender.nl_pid == 0;
    if (error == ENOBUFS || (error == 0 && ours && length > room.size())) {
      // What is there still is older than what was lost, and is read to its end.
      lost = true;
      left = kLostDatagrams;
    } else if (error == 0) {
      if (ours && !lost) read_datagram(room.data(), length, moved);
    } else if (error != EINTR) {
      more = false;
    }
  }
  if (!lost && more) return true;
  // What was not heard may have been about any of them.
  for (auto& [name, number] : meant_) {
    number = number_of(name);
    moved.insert(name);
  }
  return more;
}

void LinkNews::read_datagram(const char* at, std::size_t size, std::set<std::string>& moved) {
  while (size > 0) {
    const nlmsghdr* message = netlink::message_at(at, size);
    if (message == nullptr) return;
    netlink::Answer news(message);
    if (news.type() == RTM_NEWLINK || news.type() == RTM_DELLINK) {
      auto info = news.header<ifinfomsg>();
      std::string name;
      news.each<ifinfomsg>([&](const netlink::Attribute& attribute) {
        if (attribute.type() == IFLA_IFNAME) name = attribute.text();
      });
      // A port that leaves its bridge is said to be deleted, too: to the family of bridges.
      auto meant = info.ifi_family == AF_UNSPEC && !news.malformed() ? meant_.find(name) : meant_.end();
      if (meant != meant_.end()) {
        // What is said of a link that had the name before is old.
        bool gone = news.type() == RTM_DELLINK;
        if (gone ? meant->second == info.ifi_index : meant->second != info.ifi_index) {
          meant->second = gone ? 0 : info.ifi_index;
          moved.insert(name);
        }
      }
    }
    std::size_t step = netlink::step_over(message, size);
    at += step;
    size -= step;
  }
}

}  // namespace slipway::rtnl
