// Ctrl-C and its like while the server is asked: what has come to its end all the same is printed, and the exit status
// is the signal's. The second one ends this process.
#pragma once

#include <signal.h>

namespace slipway::cni {

class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // The signal that has come; 0: none.
  int by() const;
};

namespace interruption {
// A program that this process becomes ends when nobody reads what it prints, as it would have without this.
void leave_pipes();
}  // namespace interruption

}  // namespace slipway::cni
