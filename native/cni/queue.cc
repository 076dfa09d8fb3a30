#include "cni/queue.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>

#include "base/unique_fd.h"
#include "cni/bytes.h"
#include "cni/io.h"

namespace slipway::cni {
namespace {

constexpr mode_t kOwnFolder = 0755;
constexpr mode_t kPrivateFolder = 0700;
constexpr mode_t kPrivateFile = 0600;

// FNV-1a: the same request has the same name. Who could write another of that name could write anything here.
uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char one : text) hash = (hash ^ static_cast<unsigned char>(one)) * 0x100000001b3;
  return hash;
}

void add_hex(Bytes& to, uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) to.add("0123456789abcdef"[value >> shift & 0xf]);
}

// Opens a folder within another, which is made if it is not there. No link is followed.
UniqueFd folder_in(int parent, const char* name, mode_t mode) {
  if (mkdirat(parent, name, mode) != 0 && errno != EEXIST) return UniqueFd();
  return UniqueFd(openat(parent, name, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Others may not write what is believed there.
bool is_private(int folder) {
  struct stat found {};
  return fstat(folder, &found) == 0 && found.st_uid == geteuid() && (found.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

int write_file(int folder, std::string_view name, std::string_view text) {
  Bytes next;
  next.add('.').add(name);
  Bytes last;
  last.add(name);
  UniqueFd fd(openat(folder, next.text(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, kPrivateFile));
  if (!fd) return errno;
  int failed = write_all(fd.get(), text);
  if (failed == 0 && renameat(folder, next.text(), folder, last.text()) != 0) failed = errno;
  if (failed != 0) unlinkat(folder, next.text(), 0);
  return failed;
}

}  // namespace

int put_aside(const Options& options, std::string_view request) {
  struct stat host {};
  if (stat(options.netns != nullptr ? options.netns : "/proc/self/ns/net", &host) != 0) return errno;
  umask(0022);
  const char* state_dir = options.state_dir != nullptr ? options.state_dir : "/run/slipway";
  UniqueFd state = folder_in(AT_FDCWD, state_dir, kOwnFolder);
  if (!state) return errno;
  Bytes identity;
  identity.number(host.st_ino);
  UniqueFd of_host = folder_in(state.get(), identity.text(), kOwnFolder);
  if (!of_host) return errno;
  UniqueFd queue = folder_in(of_host.get(), "cni", kPrivateFolder);
  if (!queue) return errno;
  for (int folder : {state.get(), of_host.get(), queue.get()})
    if (!is_private(folder)) return EPERM;
  Bytes name;
  add_hex(name, hash_of(request));
  return write_file(queue.get(), name.view(), request);
}

}  // namespace slipway::cni
