#include "host/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "base/uninterrupted.h"
#include "host/reserve.h"

namespace slipway::host {
namespace {

// At a lock that is waited for, a second in all.
constexpr int kLooks = 500;
constexpr int kLookMicroseconds = 2000;
// As lib/store/read-file.ts has it.
constexpr std::size_t kLongest = 64 * 1024 * 1024;
// What was put in a record's place may be anything: no link is followed, and no FIFO waited for.
constexpr int kNoOther = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
constexpr mode_t kMode = 0644;
constexpr mode_t kMarked = kMode | S_IXUSR;

UniqueFd open_file(const std::string& path, int how, mode_t mode = 0) {
  return UniqueFd(uninterrupted([&] { return open(path.c_str(), how, mode); }));
}

Status make_folders(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (mkdir(path.substr(0, slash).c_str(), 0755) != 0 && errno != EEXIST) return Failure::last("mkdir");
  }
  return kOk;
}

Status write_all(int fd, const std::string& content) {
  std::size_t done = 0;
  while (done < content.size()) {
    ssize_t written = uninterrupted([&] { return write(fd, content.data() + done, content.size() - done); });
    if (written < 0) return Failure::last("write");
    done += static_cast<std::size_t>(written);
  }
  return kOk;
}

Status read_all(int fd, std::string& content) {
  content.clear();
  char buffer[4096];
  for (;;) {
    ssize_t length = uninterrupted([&] { return read(fd, buffer, sizeof buffer); });
    if (length < 0) return Failure::last("read");
    if (length == 0) return kOk;
    content.append(buffer, static_cast<std::size_t>(length));
    if (content.size() > kLongest) return Failure::of(EFBIG, "read");
  }
}

// A nameless file in the folder of `path`: nobody sees it until it is linked, and a crash leaves nothing.
Status open_nameless(const std::string& path, bool marked, UniqueFd& file) {
  std::string folder = path.substr(0, path.rfind('/'));
  for (int attempt = 0;; ++attempt) {
    file = open_file(folder, O_TMPFILE | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, marked ? kMarked : kMode);
    if (file) return kOk;
    if (errno != ENOENT || attempt > 0) return Failure::last("open");
    if (auto failure = make_folders(path)) return failure;
    keep_reserve(folder);
  }
}

Status link_as(int fd, const std::string& path) {
  // By descriptor takes CAP_DAC_READ_SEARCH (ENOENT without); by way of /proc takes a look-up more.
  if (linkat(fd, "", AT_FDCWD, path.c_str(), AT_EMPTY_PATH) == 0) return kOk;
  if (errno != ENOENT) return Failure::last("linkat");
  std::string self = "/proc/self/fd/" + std::to_string(fd);
  if (linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) != 0) return Failure::last("linkat");
  return kOk;
}

// Locks a file and reads it. ESTALE when another has taken its place meanwhile.
Status lock_file(const std::string& path, bool insisting, UniqueFd& lock, std::string& content, mode_t& mode) {
  lock = open_file(path, O_RDONLY | kNoOther);
  if (!lock) return Failure::last("open");
  for (int look = 0; uninterrupted([&] { return flock(lock.get(), LOCK_EX | LOCK_NB); }) != 0; ++look) {
    if (errno != EWOULDBLOCK || !insisting || look == kLooks) return Failure::last("flock");
    usleep(kLookMicroseconds);
  }
  struct stat locked {
  }, there{};
  if (fstat(lock.get(), &locked) != 0 || lstat(path.c_str(), &there) != 0) return Failure::last("stat");
  if (locked.st_ino != there.st_ino || locked.st_dev != there.st_dev || !S_ISREG(locked.st_mode))
    return Failure::of(ESTALE, "read");
  mode = locked.st_mode & ACCESSPERMS;
  return read_all(lock.get(), content);
}

// Whoever has the lock of a file has this name beside it, too: what a crash has left there is removed.
Status open_next(const std::string& next, mode_t mode, UniqueFd& file) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    file = open_file(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file) return kOk;
    if (errno != EEXIST || unlink(next.c_str()) != 0) break;
  }
  return Failure::last("open");
}

}  // namespace

UniqueFd open_ahead(const std::string& folder) {
  UniqueFd file;
  if (open_nameless(folder + "/", true, file) || pwrite(file.get(), "", 1, 0) != 1) file.reset();
  return file;
}

Status create_file(const std::string& path, const std::string& content, bool marked, UniqueFd ahead) {
  if (ahead) {
    auto failure = write_all(ahead.get(), content);
    if (!failure) failure = link_as(ahead.get(), path);
    // ENOENT, EXDEV: another folder is in the place of the one that it was opened in.
    if (!failure || (failure->errnum != ENOENT && failure->errnum != EXDEV)) return failure;
  }
  UniqueFd file;
  if (auto failure = open_nameless(path, marked, file)) return failure;
  if (auto failure = write_all(file.get(), content)) return failure;
  return link_as(file.get(), path);
}

Status replace_file(const std::string& path, const std::string& content, const std::string& expected, bool insisting) {
  UniqueFd lock;
  std::string current;
  mode_t mode = kMode;
  if (auto failure = lock_file(path, insisting, lock, current, mode)) return failure;
  if (current != expected) return Failure::of(ESTALE, "read");
  std::string next = path + ".next";
  UniqueFd file;
  Status status = open_next(next, mode, file);
  if (!status) status = write_all(file.get(), content);
  if (!status && rename(next.c_str(), path.c_str()) != 0) status = Failure::last("rename");
  if (!status) return kOk;
  if (file) unlink(next.c_str());
  return is_full(*status) ? replace_from_reserve(path, content, mode) : status;
}

Status mark_file(const std::string& path) {
  UniqueFd file = open_file(path, O_RDONLY | kNoOther);
  if (!file) return errno == ENOENT ? kOk : Status(Failure::last("open"));
  return fchmod(file.get(), kMarked) == 0 ? kOk : Status(Failure::last("fchmod"));
}

bool is_marked(const std::string& path) {
  struct stat there {};
  return lstat(path.c_str(), &there) == 0 && (there.st_mode & S_IXUSR) != 0;
}

Status delete_file_of(const std::string& path, const std::string& expected) {
  std::string current;
  UniqueFd lock;
  mode_t mode = kMode;
  if (auto failure = lock_file(path, true, lock, current, mode)) return failure;
  return current == expected ? delete_file(path) : Status(Failure::of(ESTALE, "read"));
}

Status delete_file(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Failure::last("unlink");
  return kOk;
}

Status read_file(const std::string& path, std::string& content) {
  UniqueFd file = open_file(path, O_RDONLY | kNoOther);
  if (!file) return Failure::last("open");
  if (auto failure = read_all(file.get(), content)) return failure;
  // A FIFO reads as empty.
  struct stat there {};
  if (content.empty() && (fstat(file.get(), &there) != 0 || !S_ISREG(there.st_mode)))
    return Failure::of(EINVAL, "read");
  return kOk;
}

}  // namespace slipway::host
