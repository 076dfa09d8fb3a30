// Preloaded to a program: ends it with SIGKILL in place of its Nth call, on whichever thread, that changes something: a
// message to the kernel that is no question, or a file operation. strace counts for each thread by itself, and each of
// its stops costs more than all of this.
//
// The program says from where on to count: it opens /slipway-kill-before/N, which is not there. It opens
// /slipway-kill-before/0 to hear on standard error how many there were.

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr char kMark[] = "/slipway-kill-before/";

std::atomic<bool> counting{false};
std::atomic<long> calls{0};
std::atomic<long> last{0};

void say(const char* what, long number, const char* name) {
  char line[128];
  int length = snprintf(line, sizeof line, "%s %ld %s\n", what, number, name);
  // Not by write(), which is counted.
  if (length > 0) syscall(SYS_write, STDERR_FILENO, line, static_cast<size_t>(length));
}

void count(const char* name) {
  if (!counting.load()) return;
  long number = ++calls;
  if (number != last.load()) return;
  say("killed before", number, name);
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

// Whether a path is a mark; then it is obeyed.
bool is_mark(const char* path) {
  if (path == nullptr || strncmp(path, kMark, sizeof kMark - 1) != 0) return false;
  long number = strtol(path + sizeof kMark - 1, nullptr, 10);
  counting = false;
  if (number == 0) {
    say("calls", calls.load(), "");
  } else {
    calls = 0;
    last = number;
    counting = true;
  }
  return true;
}

bool is_file(int fd) {
  struct stat about {};
  return fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

bool is_nft_question(unsigned type) {
  switch (type) {
    case NFT_MSG_GETTABLE:
    case NFT_MSG_GETCHAIN:
    case NFT_MSG_GETRULE:
    case NFT_MSG_GETSET:
    case NFT_MSG_GETSETELEM:
    case NFT_MSG_GETGEN:
    case NFT_MSG_GETOBJ:
      return true;
    default:
      return false;
  }
}

// A message to the kernel that asks for nothing but an answer. What is sent elsewhere changes nothing of the host.
bool is_question(int fd, const void* data, size_t size) {
  int domain = 0;
  int protocol = 0;
  socklen_t length = sizeof domain;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) != 0 || domain != AF_NETLINK) return true;
  length = sizeof protocol;
  getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length);
  if (size < sizeof(nlmsghdr)) return false;
  nlmsghdr head{};
  memcpy(&head, data, sizeof head);
  // All kinds of rtnetlink: new, delete, get, set.
  if (protocol == NETLINK_ROUTE) return (head.nlmsg_type & 3U) == 2;
  if (protocol != NETLINK_NETFILTER || head.nlmsg_type < NLMSG_MIN_TYPE + 16) return false;
  unsigned type = NFNL_MSG_TYPE(head.nlmsg_type);
  if (NFNL_SUBSYS_ID(head.nlmsg_type) == NFNL_SUBSYS_NFTABLES) return is_nft_question(type);
  // IPCTNL_MSG_CT_GET, and what is like it.
  return type == 1;
}

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool changes(int flags) { return (flags & (O_CREAT | O_TRUNC)) != 0 || (flags & O_TMPFILE) == O_TMPFILE; }

}  // namespace

// What has the arguments and the name of a function of the C library, and is counted each time.
#define COUNTED(result, name, parameters, arguments)              \
  extern "C" result name parameters {                             \
    static auto* const real = next<result parameters>(#name);     \
    count(#name);                                                 \
    return real arguments;                                        \
  }

// The same, where it writes to a file.
#define COUNTED_WRITE(name, parameters, arguments)                \
  extern "C" ssize_t name parameters {                            \
    static auto* const real = next<ssize_t parameters>(#name);    \
    if (counting.load() && is_file(fd)) count(#name);             \
    return real arguments;                                        \
  }

COUNTED(int, rename, (const char* from, const char* to), (from, to))
COUNTED(int, link, (const char* from, const char* to), (from, to))
COUNTED(int, symlink, (const char* to, const char* path), (to, path))
COUNTED(int, unlink, (const char* path), (path))
COUNTED(int, unlinkat, (int folder, const char* path, int flags), (folder, path, flags))
COUNTED(int, mkdir, (const char* path, mode_t mode), (path, mode))
COUNTED(int, rmdir, (const char* path), (path))
COUNTED(int, chmod, (const char* path, mode_t mode), (path, mode))
COUNTED(int, fchmod, (int fd, mode_t mode), (fd, mode))
COUNTED(int, mount, (const char* from, const char* to, const char* type, unsigned long flags, const void* data),
        (from, to, type, flags, data))
COUNTED(int, umount2, (const char* path, int flags), (path, flags))
COUNTED(int, futimens, (int fd, const timespec* times), (fd, times))
COUNTED(int, utimensat, (int folder, const char* path, const timespec* times, int flags), (folder, path, times, flags))
COUNTED(int, ftruncate64, (int fd, off64_t size), (fd, size))
COUNTED(int, posix_fallocate64, (int fd, off64_t at, off64_t size), (fd, at, size))

COUNTED_WRITE(write, (int fd, const void* data, size_t size), (fd, data, size))
COUNTED_WRITE(pwrite64, (int fd, const void* data, size_t size, off64_t at), (fd, data, size, at))
COUNTED_WRITE(writev, (int fd, const iovec* parts, int number), (fd, parts, number))

extern "C" int linkat(int from, const char* name, int to, const char* path, int flags) {
  static auto* const real = next<int(int, const char*, int, const char*, int)>("linkat");
  count("linkat");
  return real(from, name, to, path, flags);
}

extern "C" int open64(const char* path, int flags, ...) {
  static auto* const real = next<int(const char*, int, ...)>("open64");
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  if (is_mark(path)) {
    errno = ENOENT;
    return -1;
  }
  if (changes(flags)) count("open");
  return real(path, flags, mode);
}

extern "C" int openat64(int folder, const char* path, int flags, ...) {
  static auto* const real = next<int(int, const char*, int, ...)>("openat64");
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  if (changes(flags)) count("openat");
  return real(folder, path, flags, mode);
}

extern "C" ssize_t send(int fd, const void* data, size_t size, int flags) {
  static auto* const real = next<ssize_t(int, const void*, size_t, int)>("send");
  if (counting.load() && !is_question(fd, data, size)) count("send");
  return real(fd, data, size, flags);
}

extern "C" ssize_t sendto(int fd, const void* data, size_t size, int flags, const sockaddr* to, socklen_t length) {
  static auto* const real = next<ssize_t(int, const void*, size_t, int, const sockaddr*, socklen_t)>("sendto");
  if (counting.load() && !is_question(fd, data, size)) count("sendto");
  return real(fd, data, size, flags, to, length);
}

extern "C" long syscall(long number, ...) {
  static auto* const real = next<long(long, ...)>("syscall");
  va_list rest;
  va_start(rest, number);
  long arguments[6];
  for (long& argument : arguments) argument = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_move_mount) count("move_mount");
  if (number == SYS_renameat2) count("renameat2");
  return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}
