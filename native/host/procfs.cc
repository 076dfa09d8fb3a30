#include "host/procfs.h"

#include <fcntl.h>
#include <sys/syscall.h>

namespace slipway::host {
namespace {

constexpr int kUses = 32;

// linux/mount.h, which does not go with sys/mount.h; glibc has had the calls since 2.36 only.
constexpr unsigned kCloseOnExec = 1;  // FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC
constexpr unsigned kCreate = 6;       // FSCONFIG_CMD_CREATE

UniqueFd mount_procfs() {
  UniqueFd context(static_cast<int>(syscall(SYS_fsopen, "proc", kCloseOnExec)));
  if (!context || syscall(SYS_fsconfig, context.get(), kCreate, nullptr, nullptr, 0) != 0) return UniqueFd();
  return UniqueFd(static_cast<int>(syscall(SYS_fsmount, context.get(), kCloseOnExec, 0)));
}

UniqueFd open_folder() {
  UniqueFd folder = mount_procfs();
  return folder ? std::move(folder) : UniqueFd(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace

void Procfs::open() { folder_ = open_folder(); }

int Procfs::folder() {
  if (!folder_ || ++uses_ % kUses == 0) folder_ = open_folder();
  return folder_.get();
}

}  // namespace slipway::host
