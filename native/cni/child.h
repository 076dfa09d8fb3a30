// A program that this one starts and stays for: signals that are meant for it are passed on.
#pragma once

#include <signal.h>
#include <sys/types.h>

namespace slipway::cni {

class Child {
 public:
  // Forks. False where that cannot be: errno says why.
  bool start();
  // In the process that was forked, which is to become the program.
  bool is_this() const { return pid_ == 0; }
  // Until it has ended. Its exit status, as shells have it.
  int wait() const;
  // From now on, they end this process as they do others.
  void forget_signals() const;

 private:
  pid_t pid_ = -1;
  sigset_t heard_{};
  sigset_t before_{};
};

}  // namespace slipway::cni
