#include "firewall/legacy_firewall.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <fstream>

#include "base/unique_fd.h"
#include "firewall/legacy_table.h"

namespace slipway::firewall {
namespace {

// What the kernel gives is measured before it is read: a table of more bytes than this is not looked at.
constexpr std::size_t kMostBytes = 64UL * 1024 * 1024;

// How tables of IPv4 and of IPv6 are asked for.
struct Ipv4Calls {
  using Info = ipt_getinfo;
  using Entries = ipt_get_entries;
  static constexpr int kFamily = AF_INET, kLevel = IPPROTO_IP, kInfo = IPT_SO_GET_INFO, kEntries = IPT_SO_GET_ENTRIES;
  static constexpr const char* kTables = "/proc/thread-self/net/ip_tables_names";
};
struct Ipv6Calls {
  using Info = ip6t_getinfo;
  using Entries = ip6t_get_entries;
  static constexpr int kFamily = AF_INET6, kLevel = IPPROTO_IPV6, kInfo = IP6T_SO_GET_INFO,
                       kEntries = IP6T_SO_GET_ENTRIES;
  static constexpr const char* kTables = "/proc/thread-self/net/ip6_tables_names";
};

template <typename Kind>
Status read_family(Firewalls& firewalls) {
  std::ifstream names(Kind::kTables);
  std::string name;
  UniqueFd socket;
  while (std::getline(names, name)) {
    if (name != "filter" && name != "raw" && name != "mangle") continue;
    if (!socket) socket = UniqueFd(::socket(Kind::kFamily, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    if (!socket) return Failure::last("socket");
    typename Kind::Info info{};
    name.copy(info.name, sizeof info.name - 1);
    socklen_t size = sizeof info;
    if (getsockopt(socket.get(), Kind::kLevel, Kind::kInfo, &info, &size) != 0) return Failure::last("getsockopt");
    if (info.size > kMostBytes) return Failure::of(EMSGSIZE, "getsockopt", name);
    // ipt_get_entries and ip6t_get_entries: a name, a size, the entries from the next multiple of 8 on.
    using Entries = typename Kind::Entries;
    constexpr std::size_t kHead = offsetof(Entries, entrytable);
    std::string room(kHead + info.size, '\0');
    auto* entries = reinterpret_cast<Entries*>(room.data());
    name.copy(entries->name, sizeof entries->name - 1);
    entries->size = info.size;
    size = static_cast<socklen_t>(room.size());
    // Changed in between, it has another size: EAGAIN, and whoever asks again is answered.
    if (getsockopt(socket.get(), Kind::kLevel, Kind::kEntries, entries, &size) != 0) return Failure::last("getsockopt");
    put_table(name, info, std::string_view(room).substr(kHead), firewalls);
  }
  return kOk;
}

}  // namespace

Status read_legacy(Firewalls& firewalls) {
  if (auto failure = read_family<Ipv4Calls>(firewalls)) return failure;
  return read_family<Ipv6Calls>(firewalls);
}

}  // namespace slipway::firewall
