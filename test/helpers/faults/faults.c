// Preloaded to a program, it has one of its system calls refused, or lost, at a moment that is written into the file
// SLIPWAY_FAULTS (test/helpers/faults/faults.ts). What the kernel can't be made to do, it is seen to do then.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// As faults.ts writes it.
struct control {
  char what[32];   // which calls: "" for none
  uint32_t after;  // so many of them pass
  uint32_t times;  // and so many are hit
  uint32_t error;
  uint32_t seen;
  uint32_t hit;
  // Of a message that the kernel was made to refuse: where its refusal will be read.
  uint32_t socket, sequence;
};

static struct control* control;

__attribute__((constructor)) static void begin(void) {
  const char* path = getenv("SLIPWAY_FAULTS");
  int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void* shared = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (shared != MAP_FAILED) control = shared;
}

// Whether this call is one of those that are hit.
static int is_hit(const char* what) {
  if (control == NULL || strcmp(control->what, what) != 0) return 0;
  uint32_t number = __atomic_fetch_add(&control->seen, 1, __ATOMIC_SEQ_CST);
  if (number < control->after || number - control->after >= control->times) return 0;
  __atomic_fetch_add(&control->hit, 1, __ATOMIC_SEQ_CST);
  return 1;
}

static int is_netlink(int fd) {
  int domain = 0;
  socklen_t size = sizeof domain;
  int before = errno;
  int known = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0;
  errno = before;
  return known && domain == AF_NETLINK;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define REFUSED(what) (is_hit(what) ? (errno = (int)control->error, 1) : 0)

static int is_envelope(const struct nlmsghdr* message) {
  return message->nlmsg_type == NFNL_MSG_BATCH_BEGIN || message->nlmsg_type == NFNL_MSG_BATCH_END;
}

// One message of those that are sent becomes one that no kernel knows, and it refuses it.
static void spoil(int fd, char* batch, size_t size) {
  for (size_t at = 0; at + sizeof(struct nlmsghdr) <= size;) {
    struct nlmsghdr* message = (struct nlmsghdr*)(batch + at);
    if (message->nlmsg_len < sizeof *message) return;
    if (!is_envelope(message) && is_hit("message")) {
      control->socket = (uint32_t)fd;
      control->sequence = message->nlmsg_seq;
      message->nlmsg_type |= 0xff;
      message->nlmsg_flags |= NLM_F_ACK;
    }
    at += NLMSG_ALIGN(message->nlmsg_len);
  }
}

ssize_t send(int fd, const void* data, size_t size, int flags) {
  if (control == NULL || control->what[0] == '\0' || !is_netlink(fd)) return REAL(send)(fd, data, size, flags);
  if (REFUSED("send")) return -1;
  if (strcmp(control->what, "message") != 0) return REAL(send)(fd, data, size, flags);
  char* copy = malloc(size);
  memcpy(copy, data, size);
  spoil(fd, copy, size);
  ssize_t sent = REAL(send)(fd, copy, size, flags);
  int error = errno;
  free(copy);
  errno = error;
  return sent;
}

static void alter(int fd, char* answer, size_t size) {
  int interrupted = -1;
  for (size_t at = 0; at + sizeof(struct nlmsghdr) <= size;) {
    struct nlmsghdr* message = (struct nlmsghdr*)(answer + at);
    if (message->nlmsg_len < sizeof *message) return;
    if (message->nlmsg_flags & NLM_F_DUMP_INTR) is_hit("interrupted");
    if (message->nlmsg_flags & NLM_F_MULTI) {
      if (interrupted < 0) interrupted = is_hit("dump");
      if (interrupted) message->nlmsg_flags |= NLM_F_DUMP_INTR;
    }
    struct nlmsgerr* error = NLMSG_DATA(message);
    if (message->nlmsg_type == NLMSG_ERROR && control->sequence == message->nlmsg_seq &&
        control->socket == (uint32_t)fd && control->sequence != 0 && error->error != 0) {
      error->error = -(int)control->error;
      control->sequence = 0;
    }
    at += NLMSG_ALIGN(message->nlmsg_len);
  }
}

ssize_t recvfrom(int fd, void* data, size_t size, int flags, struct sockaddr* from, socklen_t* length) {
  int armed = control != NULL && control->what[0] != '\0' && is_netlink(fd);
  if (armed && REFUSED("recv")) return -1;
  ssize_t received = REAL(recvfrom)(fd, data, size, flags, from, length);
  if (!armed || received <= 0) return received;
  if (REFUSED("answer")) return -1;
  alter(fd, data, (size_t)received < size ? (size_t)received : size);
  return received;
}

// What Node.js itself loads is not meant.
static int is_own(const char* path) {
  return path == NULL || (strncmp(path, "/run/", 5) != 0 && strncmp(path, "/tmp/", 5) != 0 && strncmp(path, "/proc/", 6) != 0);
}

#define OF_PATH(type, name, what, path, declared, passed) \
  type name declared {                                    \
    if (!is_own(path) && REFUSED(what)) return -1;         \
    return REAL(name) passed;                              \
  }
#define OF_ANY(type, name, what, declared, passed) \
  type name declared {                             \
    if (REFUSED(what)) return -1;                  \
    return REAL(name) passed;                      \
  }

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  if (!is_own(path) && REFUSED("open")) return -1;
  return REAL(open64)(path, flags, mode);
}

int openat64(int folder, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  if (REFUSED("open")) return -1;
  return REAL(openat64)(folder, path, flags, mode);
}

OF_PATH(int, mkdir, "mkdir", path, (const char* path, mode_t mode), (path, mode))
OF_PATH(int, mknod, "mknod", path, (const char* path, mode_t mode, dev_t device), (path, mode, device))
OF_PATH(int, unlink, "unlink", path, (const char* path), (path))
OF_PATH(int, rename, "rename", to, (const char* from, const char* to), (from, to))
OF_ANY(int, linkat, "link", (int a, const char* b, int c, const char* d, int e), (a, b, c, d, e))
OF_ANY(int, fchmod, "fchmod", (int fd, mode_t mode), (fd, mode))
OF_ANY(int, flock, "flock", (int fd, int what), (fd, what))
OF_ANY(int, mount, "mount", (const char* a, const char* b, const char* c, unsigned long d, const void* e), (a, b, c, d, e))
OF_ANY(int, umount2, "umount", (const char* path, int flags), (path, flags))
OF_ANY(int, unshare, "unshare", (int flags), (flags))
OF_ANY(int, socket, "socket", (int domain, int type, int protocol), (domain, type, protocol))
OF_ANY(int, inotify_init1, "inotify", (int flags), (flags))
OF_ANY(int, inotify_add_watch, "watch", (int fd, const char* path, uint32_t mask), (fd, path, mask))

// Pipes and events, by which threads wake each other, are not meant.
ssize_t write(int fd, const void* data, size_t size) {
  struct stat there;
  if (control != NULL && strcmp(control->what, "write") == 0 && fstat(fd, &there) == 0 && S_ISREG(there.st_mode) &&
      REFUSED("write"))
    return -1;
  return REAL(write)(fd, data, size);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* how, void* (*work)(void*), void* with) {
  return is_hit("thread") ? (int)control->error : REAL(pthread_create)(thread, how, work, with);
}

long syscall(long number, ...) {
  long with[6];
  va_list rest;
  va_start(rest, number);
  for (int index = 0; index < 6; ++index) with[index] = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_move_mount && REFUSED("mount")) return -1;
  if (number == SYS_renameat2 && REFUSED("rename")) return -1;
  return REAL(syscall)(number, with[0], with[1], with[2], with[3], with[4], with[5]);
}
