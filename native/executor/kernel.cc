#include "executor/kernel.h"

#include <linux/netlink.h>
#include <sched.h>

#include "base/guard.h"

namespace slipway {

Status Kernel::open(int host) {
  host_ = host;
  if (auto failure = netns::identify(host, identity_)) return failure;
  if (setns(host, CLONE_NEWNET) != 0) return Failure::last("setns");
  procfs_.open();
  return open_host_sockets();
}

Status Kernel::open_beside(int host) {
  host_ = host;
  beside_ = true;
  if (auto failure = netns::identify(host, identity_)) return failure;
  if (auto failure = whereabouts_.open()) return failure;
  return open_host_sockets();
}

Status Kernel::at_host(const std::function<Status()>& work) {
  if (!beside_) return work();
  // Asked anew each time: enter() has the thread in a sandbox for as long as its function runs.
  UniqueFd home;
  uint64_t here = 0;
  if (auto failure = whereabouts_.identify(here)) return failure;
  if (here == identity_) return work();
  if (auto failure = netns::open_current(home)) return failure;
  netns::Visit visit(host_, home.get());
  Status status = visit.status() ? visit.status() : work();
  if (visit.lost()) lost_ = true;
  return status;
}

Status Kernel::open_host_sockets() {
  if (auto failure = renew(NETLINK_NETFILTER, nft_)) return failure;
  return beside_ ? kOk : renew(NETLINK_ROUTE, rtnl_);
}

Status Kernel::renew(int protocol, netlink::Socket& socket) {
  if (socket && !socket.surprised()) return kOk;
  socket = netlink::Socket();
  return at_host([&]() -> Status {
    auto failure = netlink::Socket::open(protocol, socket);
    if (!failure && beside_) failure = socket.expect_answers_at_once();
    if (failure) {
      socket = netlink::Socket();
    } else if (protocol == NETLINK_NETFILTER) {
      watch_.speaks_by(socket.port(), nft_port_);
      nft_port_ = socket.port();
    }
    return failure;
  });
}

// Where none is to be had, the one that is returned is closed, and says so when it is used.
netlink::Socket& Kernel::nft() {
  renew(NETLINK_NETFILTER, nft_);
  return nft_;
}

Status Kernel::locate(const std::string& path, UniqueFd& place) {
  netns::Identity found;
  if (auto failure = netns::locate(path, place, found)) return failure;
  if (found.inode == identity_) return Failure::of(ESTALE, "fstat");
  auto expected = expected_.find(path);
  return expected == expected_.end() ? kOk : netns::confirm(place.get(), found, expected->second, lost_);
}

Status Kernel::check_netns(const std::string& path) {
  UniqueFd place;
  return locate(path, place);
}

Status Kernel::open_netns(const std::string& path, UniqueFd& fd) {
  UniqueFd place;
  if (auto failure = locate(path, place)) return failure;
  return netns::reopen(place.get(), fd);
}

Status Kernel::enter(const std::string& path, Netns*& netns) {
  Netns& entry = namespaces_[path];
  netns = &entry;
  if (entry.fd) return kOk;
  auto failure = is_spare(path) ? spares_.open(path, entry.fd) : open_netns(path, entry.fd);
  if (failure) namespaces_.erase(path);
  return failure;
}

Status Kernel::inside(const std::string& path, const std::function<Status()>& work) {
  if (path.empty()) return lost_ ? Status(astray()) : work();
  Netns* netns = nullptr;
  if (auto failure = enter(path, netns)) return failure;
  netns::Visit visit(netns->fd.get(), host_);
  Status status = visit.status() ? visit.status() : work();
  if (visit.lost()) lost_ = true;
  return status;
}

Status Kernel::with_settings(const std::string& path, const std::function<Status(int)>& work) {
  return inside(path, [&] { return work(procfs_.folder()); });
}

Status Kernel::rtnl(const std::string& path, netlink::Socket*& socket) {
  if (path.empty()) {
    socket = &rtnl_;
    return renew(NETLINK_ROUTE, rtnl_);
  }
  Netns* netns = nullptr;
  if (auto failure = enter(path, netns)) return failure;
  socket = &netns->rtnl;
  if (*socket && !socket->surprised()) return kOk;
  return inside(path, [&] { return netlink::Socket::open(NETLINK_ROUTE, *socket); });
}

Status Kernel::netns_fd(const std::string& path, int& fd) {
  Netns* netns = nullptr;
  if (auto failure = enter(path, netns)) return failure;
  fd = netns->fd.get();
  return kOk;
}

Status Kernel::link_index(const std::string& netns, const std::string& name, int& index) {
  auto [place, unknown] = indexes_.try_emplace({netns, name}, 0);
  index = place->second;
  if (!unknown) return kOk;
  netlink::Socket* socket = nullptr;
  Status status = rtnl(netns, socket);
  if (!status) status = socket->link_index(name, index);
  if (status) {
    indexes_.erase(place);
  } else {
    place->second = index;
  }
  return status;
}

int Kernel::known_index(const std::string& netns, const std::string& name) const {
  auto found = indexes_.find({netns, name});
  return found == indexes_.end() ? 0 : found->second;
}

void Kernel::know_link(const std::string& netns, const std::string& name, int index) {
  if (index == 0) {
    indexes_.erase({netns, name});
  } else {
    indexes_[{netns, name}] = index;
  }
}

Status Kernel::check_link(const std::string& name, int expected) {
  int index = 0;
  // Any socket answers it for its own namespace.
  if (auto failure = nft().link_index(name, index)) return failure;
  return index == expected ? kOk : Status(Failure::of(ESTALE, "ioctl"));
}

Status Kernel::make_netns(const std::string& path, const std::string& records) {
  // Made before it is named: a name with no namespace behind it confuses `ip`, which looks into every one.
  netns::Identity identity;
  if (auto failure = is_spare(path) ? next_netns(identity) : prepare_netns()) return failure;
  int fd = spare_.fd.get();
  // Its place first: once it has a name, nothing is to be thrown.
  Netns& place = namespaces_[path];
  auto failure = is_spare(path) ? spares_.put(path, fd, identity, records)
                                : name_netns(path, [&] { return netns::bind_name(fd, path); });
  if (failure) {
    namespaces_.erase(path);
    return failure;
  }
  place = std::exchange(spare_, Netns());
  return kOk;
}

Status Kernel::next_netns(netns::Identity& identity) {
  if (auto failure = prepare_netns()) return failure;
  if (auto failure = netns::identify(spare_.fd.get(), identity)) return failure;
  return netns::read_cookie(spare_.rtnl.fd(), identity.cookie);
}

Status Kernel::delete_netns(const std::string& path, const netns::Identity& identity) {
  if (identity.inode != 0) {
    UniqueFd place;
    netns::Identity found;
    // What is no namespace (any more) is the name that is left of ours.
    if (!netns::locate(path, place, found)) {
      auto failure = netns::confirm(place.get(), found, identity, lost_);
      if (failure) return failure->errnum == ESTALE ? kOk : failure;
    }
  }
  namespaces_.erase(path);
  std::erase_if(indexes_, [&](const auto& known) { return known.first.first == path; });
  if (!is_spare(path)) return netns::remove(path);
  spares_.remove(path);
  return kOk;
}

Status Kernel::bind_netns(const std::string& path, const std::string& from,
                          const std::function<void(const netns::Identity&)>& which) {
  if (is_spare(from)) {
    which(spares_.identity(from));
    return name_netns(path, [&] { return spares_.bind(from, path); });
  }
  UniqueFd fd;
  uint64_t inode = 0;
  netns::Identity identity;
  if (auto failure = open_netns(from, fd)) return failure;
  if (auto failure = netns::identify(fd.get(), inode)) return failure;
  if (auto failure = netns::identify(fd.get(), identity)) return failure;
  if (auto failure = netns::find_cookie(fd.get(), identity.cookie, lost_)) return failure;
  which(identity);
  return name_netns(path, [&] { return netns::bind_name(fd.get(), path); });
}

Status Kernel::name_netns(const std::string& path, const std::function<Status()>& bind) {
  std::string folder = path.substr(0, path.rfind('/'));
  if (folder != shared_folder_) {
    if (auto failure = netns::share_folder(folder)) return failure;
    shared_folder_ = folder;
  }
  if (auto failure = netns::claim_name(path)) return failure;
  auto failure = guarded(bind);
  if (failure) netns::remove(path);
  return failure;
}

Status Kernel::prepare_netns() {
  if (spare_.fd) return kOk;
  return netns::make(
      host_, [this] { return netlink::Socket::open(NETLINK_ROUTE, spare_.rtnl); }, spare_.fd, lost_);
}

void Kernel::forget() {
  spare_ = Netns();
  packets_ = UniqueFd();
  namespaces_.clear();
  expected_.clear();
  indexes_.clear();
}

}  // namespace slipway
