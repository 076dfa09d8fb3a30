#include "cni/typed.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/unique_fd.h"
#include "cni/bytes.h"
#include "cni/child.h"
#include "cni/command.h"
#include "cni/deadline.h"
#include "cni/interruption.h"
#include "cni/io.h"
#include "cni/options.h"
#include "cni/own_files.h"
#include "cni/server.h"

namespace slipway::cni {
namespace {

constexpr Question kQuestion = {"/command", "application/vnd.slipway.command", {}};
// A program whose files could not be given ends so, also where the library starts it.
constexpr int kNoFiles = 125;
// As much as the server takes.
constexpr size_t kMostTyped = 240 << 10;
// A file of /proc never waits.
constexpr long kReadMs = 1000;

int complain(std::string_view what, int reason) {
  Bytes text;
  text.add("slipway: ").add(what);
  if (reason != 0) text.add(" (").add(strerror(reason)).add(").");
  write_all(STDERR_FILENO, text.add('\n').view());
  return 1;
}

// Takes a text away that ends with `end`; the rest is `from`. Without an end, all of it is taken.
std::string_view take(std::string_view& from, char end) {
  size_t at = from.find(end);
  std::string_view text = first(from, at);
  from = at == std::string_view::npos ? std::string_view() : after(from, at + 1);
  return text;
}

// Field 22 of /proc/PID/stat: when this process was started. Field 2 is in parentheses, and may hold anything.
std::string_view start_time(Bytes& stat) {
  UniqueFd file(open("/proc/self/stat", O_RDONLY | O_CLOEXEC));
  if (!file || read_all(file.get(), stat, kPart, Deadline(kReadMs)) != 0) return {};
  std::string_view rest = after(stat.view(), stat.view().rfind(')') + 2);
  for (int field = 3; field < 22; field++) take(rest, ' ');
  return take(rest, ' ');
}

// Facts and an empty text, the environment and an empty text, arguments: each ends with a zero. `ended`: of the command
// in this sandbox, in place of arguments. False where the folder or the network namespace cannot be told.
bool write_typed(Bytes& to, char** arguments, std::string_view ended) {
  char folder[PATH_MAX];
  struct stat network {};
  struct stat mounts {};
  // What has ended may have removed it.
  if (!ended.empty()) strcpy(folder, "/");
  else if (getcwd(folder, sizeof folder) == nullptr) return false;
  if (stat("/proc/self/ns/net", &network) != 0 || stat("/proc/self/ns/mnt", &mounts) != 0) return false;
  if (!ended.empty()) to.add("ENDED=").add(ended).add('\0');
  Bytes stat;
  to.add("PID=").number(static_cast<unsigned long>(getpid())).add('\0');
  to.add("STARTED=").add(start_time(stat)).add('\0');
  to.add("CWD=").add(folder).add('\0');
  to.add("NETNS=").number(network.st_dev).add(':').number(network.st_ino).add('\0');
  to.add("MOUNTS=").number(mounts.st_dev).add(':').number(mounts.st_ino).add('\0');
  to.add("VERSION=" SLIPWAY_VERSION).add('\0');
  to.add("TERMINALS=").add(isatty(STDOUT_FILENO) != 0 ? "stdout," : "");
  to.add(isatty(STDERR_FILENO) != 0 ? "stderr" : "").add('\0').add('\0');
  for (char** one = environ; ended.empty() && *one != nullptr; one++)
    if (**one != '\0') to.add(*one).add('\0');
  to.add('\0');
  for (char** one = arguments; ended.empty() && *one != nullptr; one++) to.add(*one).add('\0');
  return true;
}

size_t number_in(std::string_view digits) {
  size_t value = 0;
  for (char digit : digits)
    if (digit >= '0' && digit <= '9') value = value * 10 + static_cast<size_t>(digit - '0');
  return value;
}

// Whether a file is the one of this device and inode: a mount namespace may have a second one at its path.
bool is_that(int fd, std::string_view identity) {
  struct stat found {};
  if (fstat(fd, &found) != 0) return false;
  Bytes own;
  return own.number(found.st_dev).add(':').number(found.st_ino).view() == identity;
}

// As texts that each end with a zero: the path of a network namespace and what it is, a folder, that of its own files
// and its hostname, variables and an empty one, words. All of them lie behind each other, and stay where they are.
// Returns the exit status where it cannot be.
int become(std::string_view texts) {
  if (texts.empty() || texts.back() != '\0') return complain("slipway serve gave an answer that is none.", 0);
  const char* netns = take(texts, '\0').data();
  std::string_view identity = take(texts, '\0');
  const char* folder = take(texts, '\0').data();
  std::string_view files = take(texts, '\0');
  std::string_view hostname = take(texts, '\0');
  for (std::string_view variable = take(texts, '\0'); !variable.empty(); variable = take(texts, '\0'))
    putenv(const_cast<char*>(variable.data()));
  size_t count = 0;
  for (char one : texts) count += one == '\0' ? 1 : 0;
  auto** words = static_cast<char**>(calloc(count + 1, sizeof(char*)));
  if (words == nullptr) return complain("There is no memory left", errno);
  for (size_t at = 0; at < count; at++) words[at] = const_cast<char*>(take(texts, '\0').data());
  UniqueFd network(open(netns, O_RDONLY | O_CLOEXEC));
  if (network && !is_that(network.get(), identity)) {
    network.reset();
    errno = ESTALE;
  }
  if (!network || setns(network.get(), CLONE_NEWNET) != 0)
    return complain("The network of the sandbox cannot be entered", errno);
  int unmounted = files.empty() ? 0 : give_files(files, hostname);
  if (unmounted != 0) {
    complain("The files of the sandbox could not be mounted over those in /etc", unmounted);
    return kNoFiles;
  }
  if (chdir(folder) != 0) return complain("The folder to start in cannot be entered", errno);
  interruption::leave_pipes();
  execvp(words[0], words);
  int reason = errno;
  complain(words[0], reason);
  return reason == ENOENT ? 127 : 126;
}

ServerAnswer ask(Bytes& answer, char** arguments, std::string_view ended) {
  const char* given = getenv("SLIPWAY_SOCKET");
  Question question = kQuestion;
  Bytes typed;
  if (!write_typed(typed, arguments, ended) || typed.size() > kMostTyped) return {Asked::kLeft, {}};
  question.body = typed.view();
  return ask_server(given == nullptr ? Options().socket : given, question, answer);
}

// Of a program that has ended, or does not begin.
int remove(std::string_view sandbox) {
  Bytes answer;
  if (ask(answer, nullptr, sandbox).asked != Asked::kDone)
    complain("slipway serve does not answer: the sandbox goes when it runs again, or another process opens the host.",
             0);
  return 0;
}

// Starts the program, stays until it has ended, and has its sandbox removed. Returns the exit status.
int supervise(std::string_view sandbox, std::string_view texts) {
  Child child;
  if (!child.start()) return complain("The command cannot be started", errno);
  if (child.is_this()) _exit(become(texts));
  int status = child.wait();
  child.forget_signals();
  remove(sandbox);
  return status;
}

// Part after part: `1` or `2`, a length, and what goes there; last `exit` and a status, or `exec` or `run`, a length
// and texts. The first of these is the sandbox's id. `interrupted`: no program begins any more, and the sandbox of one
// goes.
int follow(std::string_view answer, bool interrupted) {
  while (!answer.empty()) {
    std::string_view line = take(answer, '\n');
    std::string_view what = take(line, ' ');
    size_t number = number_in(line);
    if (what == "exit") return static_cast<int>(number);
    std::string_view part = first(answer, number);
    if (part.size() < number) break;
    answer = after(answer, number);
    std::string_view rest = part;
    std::string_view sandbox = take(rest, '\0');
    if (what == "exec") return interrupted ? 0 : become(rest);
    if (what == "run") return interrupted ? remove(sandbox) : supervise(sandbox, rest);
    int failed = write_all(what == "1" ? STDOUT_FILENO : STDERR_FILENO, part);
    // What is said beside keeps nothing from being done; and who reads may have enough, or nobody does.
    if (failed == 0 || what != "1" || failed == EBADF) continue;
    if (failed == EPIPE) return 0;
    return complain("What is to be printed cannot be written", failed);
  }
  return complain("slipway serve gave an answer that is none.", 0);
}

}  // namespace

int do_typed(char** arguments) {
  Bytes answer;
  Interruption interruption;
  ServerAnswer server = ask(answer, arguments, {});
  if (server.asked == Asked::kDone) {
    // It has come to its end all the same: that is printed.
    int status = follow(server.text, interruption.by() != 0);
    return interruption.by() != 0 ? 128 + interruption.by() : status;
  }
  if (interruption.by() != 0) return 128 + interruption.by();
  if (server.asked == Asked::kSilent)
    return complain("slipway serve has not answered, and may have done it. See: slipway ls", 0);
  interruption::leave_pipes();
  return complain("Node.js, or the package of this program, cannot be found", become_typed(arguments));
}

}  // namespace slipway::cni
