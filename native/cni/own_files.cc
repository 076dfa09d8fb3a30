#include "cni/own_files.h"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

#include "cni/bytes.h"
#include "cni/io.h"

namespace slipway::cni {
namespace {

constexpr const char* kNames[] = {"hostname", "hosts", "resolv.conf"};

// How overlayfs reads a path in its options.
void add_escaped(Bytes& to, std::string_view path) {
  for (char one : path) {
    if (one == '\\' || one == ':' || one == ',') to.add('\\');
    to.add(one);
  }
}

// What the machine has no file for has no place to be mounted over: then all of /etc is what lies in the folder, with
// the machine's files below it.
int mount_all(std::string_view folder) {
  Bytes layers;
  layers.add("lowerdir=");
  add_escaped(layers, folder);
  layers.add(":/etc");
  return mount("overlay", "/etc", "overlay", 0, layers.text()) == 0 ? 0 : errno;
}

}  // namespace

int give_files(std::string_view folder, std::string_view hostname) {
  if (unshare(CLONE_NEWNS | (hostname.empty() ? 0 : CLONE_NEWUTS)) != 0) return errno;
  // It hears of the machine's mounts, and the machine hears nothing of its.
  if (mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return errno;
  if (!hostname.empty() && sethostname(hostname.data(), hostname.size()) != 0)
    write_all(STDERR_FILENO, "slipway: the hostname of the sandbox could not be given\n");
  for (const char* name : kNames) {
    Bytes there;
    if (access(there.add("/etc/").add(name).text(), F_OK) != 0) return mount_all(folder);
  }
  for (const char* name : kNames) {
    Bytes from;
    Bytes to;
    from.add(folder).add('/').add(name);
    to.add("/etc/").add(name);
    if (mount(from.text(), to.text(), nullptr, MS_BIND, nullptr) != 0) return errno;
  }
  return 0;
}

}  // namespace slipway::cni
