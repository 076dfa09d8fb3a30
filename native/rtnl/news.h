// What rtnetlink tells everybody who asks: the socket, and the reading of it. Nothing is asked again and again.
//
// Thread: the one that opened it. What is read never waits.
#pragma once

#include <initializer_list>
#include <set>
#include <string>

#include "base/failure.h"
#include "base/unique_fd.h"
#include "netlink/answer.h"

struct sock_fprog;

namespace slipway::rtnl {

class News {
 public:
  News() = default;
  virtual ~News() = default;
  News(const News&) = delete;
  News& operator=(const News&) = delete;

  // Opens in the calling thread's namespace.
  virtual Status open() = 0;
  // Reads what has come since. `told`: what is to be told of it. Where the kernel had more to say than there was room
  // for, that is all that may have been missed. False when nothing more will come.
  bool read(std::set<std::string>& told);
  int fd() const { return fd_.get(); }

 protected:
  // `filter`: what of it is wanted, where that is not all.
  Status open(std::initializer_list<int> groups, const sock_fprog* filter);
  virtual void hear(netlink::Answer& message, std::set<std::string>& told) = 0;
  virtual void miss(std::set<std::string>& told) = 0;

 private:
  void read_datagram(const char* at, std::size_t size, std::set<std::string>& told);

  UniqueFd fd_;
};

}  // namespace slipway::rtnl
