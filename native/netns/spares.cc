#include "netns/spares.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "host/file.h"

namespace slipway::netns {
namespace {

// linux/mount.h, which does not go with sys/mount.h; glibc has had the calls since 2.36 only.
constexpr unsigned kClone = 1;           // OPEN_TREE_CLONE
constexpr unsigned kFromDescriptor = 4;  // MOVE_MOUNT_F_EMPTY_PATH

UniqueFd duplicate(int fd) { return UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

UniqueFd detached_mount(int netns) {
  return UniqueFd(static_cast<int>(syscall(SYS_open_tree, netns, "", kClone | O_CLOEXEC | AT_EMPTY_PATH)));
}

bool attach(int mount, const std::string& path) {
  return syscall(SYS_move_mount, mount, "", AT_FDCWD, path.c_str(), kFromDescriptor) == 0;
}

}  // namespace

Status Spares::put(const std::string& name, int netns, const Identity& identity, const std::string& records) {
  Spare spare{duplicate(netns), identity, {}, {}, {}};
  if (!spare.netns) return Failure::last("fcntl");
  // Without one it is bound the slower way.
  spare.mount = detached_mount(netns);
  if (!records.empty()) {
    spare.file = host::open_ahead(records);
    spare.socket.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
  }
  room_.reach(std::max({spare.netns.get(), spare.mount.get(), spare.file.get(), spare.socket.get()}));
  std::lock_guard lock(mutex_);
  return spares_.try_emplace(name, std::move(spare)).second ? kOk : Status(Failure::of(EEXIST, "open"));
}

Status Spares::open(const std::string& name, UniqueFd& netns) const {
  std::lock_guard lock(mutex_);
  auto found = spares_.find(name);
  if (found == spares_.end()) return Failure::of(ENOENT, "open");
  netns = duplicate(found->second.netns.get());
  return netns ? kOk : Status(Failure::last("fcntl"));
}

Identity Spares::identity(const std::string& name) const {
  std::lock_guard lock(mutex_);
  auto found = spares_.find(name);
  return found == spares_.end() ? Identity() : found->second.identity;
}

Status Spares::bind(const std::string& name, const std::string& path) {
  std::lock_guard lock(mutex_);
  auto found = spares_.find(name);
  if (found == spares_.end()) return Failure::of(ENOENT, "open");
  UniqueFd mount = std::move(found->second.mount);
  return mount && attach(mount.get(), path) ? kOk : bind_name(found->second.netns.get(), path);
}

UniqueFd Spares::take(const std::string& name, UniqueFd Spare::*part) {
  if (name.empty()) return {};
  std::lock_guard lock(mutex_);
  auto found = spares_.find(name);
  return found == spares_.end() ? UniqueFd() : std::move(found->second.*part);
}

UniqueFd Spares::take_file(const std::string& name) { return take(name, &Spare::file); }
UniqueFd Spares::take_socket(const std::string& name) { return take(name, &Spare::socket); }

void Spares::remove(const std::string& name) {
  std::unique_lock lock(mutex_);
  auto node = spares_.extract(name);
  // Closed after others may go on.
  lock.unlock();
}

}  // namespace slipway::netns
