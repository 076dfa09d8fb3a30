#include "host/reserve.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

#include "base/guard.h"
#include "base/uninterrupted.h"
#include "base/unique_fd.h"

namespace slipway::host {
namespace {

// A record of six hundred published ports.
constexpr off_t kReserve = 64 * 1024;
// Others use it for microseconds.
constexpr int kTries = 50;
constexpr timespec kStep{0, 1'000'000};
// stat(2): st_blocks counts these, whatever the file system's are.
constexpr off_t kStatBlock = 512;

std::string reserve_of(const std::string& folder) { return folder + "/.reserve"; }

// The reserve, locked: by its name, since it may change places while we wait for it.
Status open_reserve(const std::string& path, UniqueFd& file, struct stat& locked) {
  for (int attempt = 0; attempt < kTries; ++attempt) {
    file.reset(uninterrupted([&] { return open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC); }));
    if (!file) return Failure::of(ENOSPC, "open");
    if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
      struct stat there {};
      if (fstat(file.get(), &locked) != 0 || lstat(path.c_str(), &there) != 0) return Failure::of(ENOSPC, "stat");
      if (!S_ISREG(locked.st_mode)) return Failure::of(ENOSPC, "open");
      if (locked.st_ino == there.st_ino) return kOk;
    } else if (errno != EWOULDBLOCK && errno != EINTR) {
      return Failure::last("flock");
    }
    nanosleep(&kStep, nullptr);
  }
  return Failure::of(EWOULDBLOCK, "flock");
}

}  // namespace

bool is_full(const Failure& failure) { return failure.errnum == ENOSPC || failure.errnum == EDQUOT; }

void keep_reserve(const std::string& folder) {
  UniqueFd file(open(reserve_of(folder).c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644));
  // Less than all of it is of use, too.
  if (file && posix_fallocate(file.get(), 0, kReserve) != 0) posix_fallocate(file.get(), 0, kReserve / 16);
}

Status replace_from_reserve(const std::string& path, const std::string& content, mode_t mode) {
  std::string folder = path.substr(0, path.rfind('/'));
  std::string reserve = reserve_of(folder);
  UniqueFd file;
  struct stat locked {};
  if (auto failure = open_reserve(reserve, file, locked)) return failure;
  auto size = static_cast<off_t>(content.size());
  if (size > locked.st_blocks * kStatBlock) return Failure::of(ENOSPC, "write");
  // Written over and cut after: cut first, it would need its blocks anew.
  for (off_t done = 0; done < size;) {
    ssize_t written = pwrite(file.get(), content.data() + done, static_cast<std::size_t>(size - done), done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failure::last("write");
    done += written;
  }
  if (ftruncate(file.get(), size) != 0) return Failure::last("ftruncate");
  if (fchmod(file.get(), mode) != 0) return Failure::last("fchmod");
  if (syscall(SYS_renameat2, AT_FDCWD, reserve.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) != 0)
    return Failure::last("renameat2");
  // It is done, also where nothing can be kept for the next.
  (void)guarded([&]() -> Status {
    keep_reserve(folder);
    return kOk;
  });
  return kOk;
}

}  // namespace slipway::host
