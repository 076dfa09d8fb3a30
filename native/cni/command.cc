#include "cni/command.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

#include "base/uninterrupted.h"
#include "base/unique_fd.h"
#include "cni/deadline.h"
#include "cni/io.h"

namespace slipway::cni {
namespace {

constexpr long kRunMs = 90'000;
constexpr long kLookMs = 2;
constexpr size_t kMostPrinted = 4 << 20;
// A shell that cannot start a program ends so.
constexpr int kNotStarted = 127;
constexpr size_t kMostArguments = 64;

// Where this program is within its package: in prebuilds/linux-x64, in build/Release, or in build.
constexpr const char* kMains[] = {"../../dist/cli/main.js", "../dist/cli/main.js"};

// A file that holds a text, to be read from its beginning.
UniqueFd file_of(std::string_view text) {
  UniqueFd fd(memfd_create("slipway-cni", MFD_CLOEXEC));
  if (fd && (write_all(fd.get(), text) != 0 || lseek(fd.get(), 0, SEEK_SET) != 0)) fd.reset();
  return fd;
}

bool main_of_package(Bytes& path) {
  char own[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", own, sizeof own);
  if (length <= 0 || length == sizeof own) return false;
  std::string_view folder(own, static_cast<size_t>(length));
  folder = first(folder, folder.rfind('/') + 1);
  for (const char* main : kMains) {
    Bytes found;
    found.add(folder).add(main);
    if (access(found.text(), R_OK) != 0) continue;
    path = std::move(found);
    return true;
  }
  return false;
}

// Tries a program of each folder of PATH, and of those that it is usually in. Returns where none can be run.
void run_from_path(const char* name, char* const arguments[]) {
  const char* path = getenv("PATH");
  Bytes folders;
  folders.add(path == nullptr ? "" : path).add(":/usr/local/bin:/usr/bin:/bin");
  std::string_view rest = folders.view();
  while (!rest.empty()) {
    std::string_view folder = first(rest, rest.find(':'));
    rest = after(rest, folder.size() + 1);
    if (folder.empty() || folder.front() != '/') continue;
    Bytes program;
    program.add(folder).add('/').add(name);
    execv(program.text(), arguments);
  }
}

void run(const Options& options) {
  Bytes main;
  Bytes netns;
  Bytes state_dir;
  char* arguments[kMostArguments];
  size_t count = 0;
  auto add = [&](const char* argument) {
    if (count < kMostArguments - 1) arguments[count++] = const_cast<char*>(argument);
  };
  if (options.command != nullptr) {
    for (char** one = options.command; *one != nullptr; one++) add(*one);
  } else if (main_of_package(main)) {
    add("node");
    add(main.text());
  } else {
    add("slipway");
  }
  if (options.netns != nullptr) add(netns.add("--netns=").add(options.netns).text());
  if (options.state_dir != nullptr) add(state_dir.add("--state-dir=").add(options.state_dir).text());
  add("cni");
  arguments[count] = nullptr;
  if (arguments[0][0] == '/') execv(arguments[0], arguments);
  else run_from_path(arguments[0], arguments);
}

// The exit status, or -1 where it was ended.
int wait_for(pid_t child) {
  Deadline deadline(kRunMs);
  int status = 0;
  for (;;) {
    pid_t ended = uninterrupted([&] { return waitpid(child, &status, WNOHANG); });
    if (ended == child) return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (ended < 0) return -1;
    if (deadline.left() == 0) break;
    Deadline::sleep(kLookMs);
  }
  kill(child, SIGKILL);
  uninterrupted([&] { return waitpid(child, &status, 0); });
  return -1;
}

}  // namespace

int become_command(const Options& options, std::string_view input) {
  UniqueFd in = file_of(input);
  if (!in || dup2(in.get(), STDIN_FILENO) < 0) return errno;
  errno = ENOENT;
  run(options);
  return errno;
}

int become_typed(char** arguments) {
  Bytes main;
  size_t count = 0;
  while (arguments[count] != nullptr) count++;
  // Of PATH, it would be this program again.
  if (!main_of_package(main)) return ENOENT;
  auto** line = static_cast<char**>(calloc(count + 3, sizeof(char*)));
  if (line == nullptr) return ENOMEM;
  line[0] = const_cast<char*>("node");
  line[1] = const_cast<char*>(main.text());
  for (size_t at = 0; at < count; at++) line[at + 2] = arguments[at];
  errno = ENOENT;
  run_from_path("node", line);
  return errno;
}

int run_command(const Options& options, std::string_view input, Bytes& printed) {
  UniqueFd in = file_of(input);
  UniqueFd out = file_of("");
  if (!in || !out) return -1;
  pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    if (dup2(in.get(), STDIN_FILENO) >= 0 && dup2(out.get(), STDOUT_FILENO) >= 0) run(options);
    _exit(kNotStarted);
  }
  int status = wait_for(child);
  if (status < 0 || status == kNotStarted) return -1;
  if (lseek(out.get(), 0, SEEK_SET) != 0 || read_all(out.get(), printed, kMostPrinted, Deadline(kRunMs)) != 0)
    return -1;
  return status;
}

}  // namespace slipway::cni
