// Hears which links of a namespace come and go, as rtnetlink tells everybody who asks (RTNLGRP_LINK). Nothing is asked
// again and again, and of the links that nobody means, nothing is told.
//
// Thread: the one that opened it. What is read never waits.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/failure.h"
#include "base/unique_fd.h"

namespace slipway::rtnl {

class LinkNews {
 public:
  // Opens in the calling thread's namespace.
  Status open();
  // The links that are meant from now on, by name. Returns the number of each; 0 where there is none of that name.
  const std::map<std::string, int>& mean(const std::set<std::string>& names);
  // Reads what has come since. `moved`: names that are another link's by now, or no link's. Where the kernel had more
  // to say than there was room for, every name may have moved, and all are told. False when nothing more will come.
  bool read(std::set<std::string>& moved);
  int fd() const { return fd_.get(); }

 private:
  void read_datagram(const char* at, std::size_t size, std::set<std::string>& moved);
  int number_of(const std::string& name) const;

  UniqueFd fd_;
  std::map<std::string, int> meant_;  // the number of each; 0: there is no link of that name
};

}  // namespace slipway::rtnl
