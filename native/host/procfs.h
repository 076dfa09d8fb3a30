// A procfs of our own, for the settings of other namespaces.
//
// Every namespace that is asked for under /proc/sys leaves an entry there, all of the same name under the same folder,
// so each look-up walks a chain that is as long as there are namespaces: 0.06 ms at first, 1.6 ms at 3,000. A procfs
// that is new begins with an empty chain; making one costs 0.1 ms, so it is used some times.
//
// Thread: the executor's.
#pragma once

#include "base/unique_fd.h"

namespace slipway::host {

class Procfs {
 public:
  void open();
  // The folder to look up from: of our own, or /proc where making one is not permitted or the kernel cannot
  // (before 5.2).
  int folder();

 private:
  UniqueFd folder_;
  int uses_ = 0;
};

}  // namespace slipway::host
