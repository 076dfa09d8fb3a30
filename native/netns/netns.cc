#include "netns/netns.h"

#include <atomic>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <charconv>
#include <cstring>
#include <string_view>

#include "base/uninterrupted.h"

namespace slipway::netns {
namespace {

std::atomic<uint64_t> unmounts = 0;

constexpr const char* kOwn = "/proc/thread-self/ns/net";
constexpr int kMostMounts = 8;

// asm/socket.h, since 5.14.
constexpr int kCookie = 71;  // SO_NETNS_COOKIE

// linux/exportfs.h and linux/nsfs.h, since 6.18: what the kernel calls a namespace from outside. The id of a network
// namespace is its cookie (net/core/net_namespace.c, setup_net).
constexpr int kHandleOfNamespace = 0xf1;  // FILEID_NSFS
struct NamespaceHandle {                  // nsfs_file_handle
  uint64_t id;
  uint32_t type;
  uint32_t inode;
};

// False where the kernel does not say it.
bool read_handle(int place, uint64_t& cookie) {
  alignas(file_handle) char room[sizeof(file_handle) + sizeof(NamespaceHandle)] = {};
  auto* handle = reinterpret_cast<file_handle*>(room);
  NamespaceHandle found{};
  handle->handle_bytes = sizeof found;
  int mount = 0;
  if (name_to_handle_at(place, "", handle, &mount, AT_EMPTY_PATH) != 0) return false;
  if (handle->handle_type != kHandleOfNamespace || handle->handle_bytes != sizeof found) return false;
  std::memcpy(&found, room + sizeof(file_handle), sizeof found);
  if (found.type != CLONE_NEWNET) return false;
  cookie = found.id;
  return true;
}

}  // namespace

Status share_folder(const std::string& folder) {
  if (mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return Failure::last("mkdir");
  if (mount("", folder.c_str(), "none", MS_SHARED | MS_REC, nullptr) == 0) return kOk;
  if (errno != EINVAL) return Failure::last("mount");
  // Not a mount point yet.
  if (mount(folder.c_str(), folder.c_str(), "none", MS_BIND | MS_REC, nullptr) != 0) return Failure::last("mount");
  if (mount("", folder.c_str(), "none", MS_SHARED | MS_REC, nullptr) != 0) return Failure::last("mount");
  return kOk;
}

Status open_current(UniqueFd& fd) {
  fd.reset(uninterrupted([] { return open(kOwn, O_RDONLY | O_CLOEXEC); }));
  return fd ? kOk : Status(Failure::last("open"));
}

Status open_path(const std::string& path, UniqueFd& fd) {
  UniqueFd place;
  Identity identity;
  if (auto failure = locate(path, place, identity)) return failure;
  return reopen(place.get(), fd);
}

Status locate(const std::string& path, UniqueFd& place, Identity& identity) {
  // Looked at before it is opened for use: opening a FIFO waits for a writer, and opening a device may do anything.
  place.reset(uninterrupted([&] { return open(path.c_str(), O_PATH | O_CLOEXEC); }));
  if (!place) return Failure::last("open");
  struct statfs system {};
  if (fstatfs(place.get(), &system) != 0) return Failure::last("fstatfs");
  if (system.f_type != NSFS_MAGIC) return Failure::of(ENOTTY, "ioctl");  // as NS_GET_NSTYPE says of other files
  return identify(place.get(), identity);
}

Status reopen(int place, UniqueFd& fd) {
  std::string same = "/proc/thread-self/fd/" + std::to_string(place);
  fd.reset(uninterrupted([&] { return open(same.c_str(), O_RDONLY | O_CLOEXEC); }));
  return fd ? kOk : Status(Failure::last("open"));
}

Status identify(int fd, Identity& identity) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return Failure::last("fstat");
  identity = {status.st_dev, status.st_ino, 0};
  return kOk;
}

Status identify(int fd, uint64_t& inode) {
  if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET) return Failure::of(EINVAL, "ioctl");
  struct stat status {};
  if (fstat(fd, &status) != 0) return Failure::last("fstat");
  inode = status.st_ino;
  return kOk;
}

Status read_cookie(int socket, uint64_t& cookie) {
  socklen_t length = sizeof cookie;
  cookie = 0;
  if (getsockopt(socket, SOL_SOCKET, kCookie, &cookie, &length) == 0) return kOk;
  cookie = 0;
  return errno == ENOPROTOOPT ? kOk : Status(Failure::last("getsockopt"));
}

Status find_cookie(int place, uint64_t& cookie, bool& lost) {
  if (read_handle(place, cookie)) return kOk;
  UniqueFd home;
  UniqueFd target;
  if (auto failure = open_current(home)) return failure;
  if (auto failure = reopen(place, target)) return failure;
  Visit visit(target.get(), home.get());
  Status status = visit.status();
  if (!status) {
    // The kind that is made soonest.
    UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    status = socket ? read_cookie(socket.get(), cookie) : Status(Failure::last("socket"));
  }
  if (!visit.lost()) return status;
  lost = true;
  return Failure::of(EXDEV, "setns");
}

Status confirm(int place, const Identity& found, const Identity& meant, bool& lost) {
  const Failure another = Failure::of(ESTALE, "fstat");
  if (found.device != meant.device || found.inode != meant.inode) return another;
  if (meant.cookie == 0) return kOk;
  uint64_t cookie = 0;
  if (auto failure = find_cookie(place, cookie, lost)) return failure;
  return cookie == 0 || cookie == meant.cookie ? kOk : Status(another);
}

Status Whereabouts::open() {
  folder_.reset(uninterrupted([] { return ::open("/proc/thread-self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC); }));
  return folder_ ? kOk : Status(Failure::last("open"));
}

Status Whereabouts::identify(uint64_t& inode) const {
  // Its text, as in net:[4026531840], is there sooner than what it leads to.
  constexpr std::string_view kKind = "net:[";
  char text[64];
  ssize_t length = readlinkat(folder_.get(), "net", text, sizeof text);
  if (length < 0) return Failure::last("readlink");
  if (std::string_view(text, static_cast<std::size_t>(length)).substr(0, kKind.size()) != kKind)
    return Failure::of(EINVAL, "readlink");
  auto [stop, error] = std::from_chars(text + kKind.size(), text + length, inode);
  return error == std::errc() ? kOk : Status(Failure::of(EINVAL, "readlink"));
}

Visit::Visit(int target, int home) : home_(home) {
  if (setns(target, CLONE_NEWNET) != 0) {
    status_ = Failure::last("setns");
  } else {
    away_ = true;
  }
}

bool Visit::lost() {
  if (away_) {
    away_ = false;
    lost_ = setns(home_, CLONE_NEWNET) != 0;
  }
  return lost_;
}

Visit::~Visit() { lost(); }

Status make(int home, const std::function<Status()>& inside, UniqueFd& fd, bool& lost) {
  if (unshare(CLONE_NEWNET) != 0) return Failure::last("unshare");
  Status status = open_current(fd);
  if (!status) status = inside();
  if (setns(home, CLONE_NEWNET) != 0) {
    lost = true;
    if (!status) status = Failure::last("setns");
  }
  if (status) fd.reset();
  return status;
}

Status bind_name(int fd, const std::string& path) {
  std::string self = "/proc/thread-self/fd/" + std::to_string(fd);
  if (mount(self.c_str(), path.c_str(), "none", MS_BIND, nullptr) != 0) return Failure::last("mount");
  return kOk;
}

uint64_t unmounted() { return unmounts; }

Status claim_name(const std::string& path) {
  return mknod(path.c_str(), S_IFREG, 0) == 0 ? kOk : Status(Failure::last("mknod"));
}

Status remove(const std::string& path) {
  // Another may have bound it once more over ours. EINVAL: nothing is mounted there (any more), what a crash between
  // open and mount leaves, too.
  int mounts = 0;
  while (umount2(path.c_str(), MNT_DETACH) == 0) {
    ++unmounts;
    if (++mounts == kMostMounts) return Failure::of(EBUSY, "umount2");
  }
  if (errno != EINVAL && errno != ENOENT) return Failure::last("umount2");
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Failure::last("unlink");
  return kOk;
}

}  // namespace slipway::netns
