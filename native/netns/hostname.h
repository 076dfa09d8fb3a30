// A name of its own for what the calling thread starts: a UTS namespace, for as long as the object lives.
//
// Thread: JavaScript's, around one synchronous call (js/enter.cc). A failed way back is fatal, as with Visit.
#pragma once

#include <string>

#include "base/failure.h"
#include "base/unique_fd.h"

namespace slipway::netns {

class Hostname {
 public:
  explicit Hostname(const std::string& name);
  Hostname(const Hostname&) = delete;
  Hostname& operator=(const Hostname&) = delete;
  ~Hostname();

  const Status& status() const { return status_; }
  // Goes home now; true when that failed.
  bool lost();

 private:
  UniqueFd home_;
  bool away_ = false;
  bool lost_ = false;
  Status status_;
};

}  // namespace slipway::netns
