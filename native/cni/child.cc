#include "cni/child.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace slipway::cni {
namespace {

constexpr int kPassedOn[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

// Ctrl-C and Ctrl-\ reach the whole foreground group: the program has had it already, and twice is something else.
bool is_of_terminal(const siginfo_t& info) {
  return info.si_code == SI_KERNEL && (info.si_signo == SIGINT || info.si_signo == SIGQUIT);
}

}  // namespace

bool Child::start() {
  sigemptyset(&heard_);
  sigaddset(&heard_, SIGCHLD);
  for (int one : kPassedOn) sigaddset(&heard_, one);
  // Before there is a child: from now on, this process does not die of them.
  if (sigprocmask(SIG_BLOCK, &heard_, &before_) != 0) return false;
  // The process that has started this one may have it ignored, and then no child could be waited for.
  signal(SIGCHLD, SIG_DFL);
  pid_ = fork();
  if (pid_ <= 0) forget_signals();
  return pid_ >= 0;
}

void Child::forget_signals() const { sigprocmask(SIG_SETMASK, &before_, nullptr); }

int Child::wait() const {
  for (;;) {
    siginfo_t info{};
    if (sigwaitinfo(&heard_, &info) < 0 && errno != EINTR) return 1;
    int status = 0;
    if (info.si_signo != SIGCHLD) {
      if (info.si_signo != 0 && !is_of_terminal(info)) kill(pid_, info.si_signo);
    } else if (waitpid(pid_, &status, WNOHANG) == pid_) {
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
  }
}

}  // namespace slipway::cni
