// What the kernel tells everybody who asks: the socket, and the reading of it. Nothing is asked again and again.
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

namespace slipway::netlink {

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
  // Called a while after a read(): what was the case then and is so still is told. True where there is something that
  // is to be looked at once more.
  virtual bool ripen(std::set<std::string>&) { return false; }
  // For so many milliseconds it is not read after it was; 0: it is read whenever something has come.
  virtual int rest() const { return 0; }
  int fd() const { return fd_.get(); }

 protected:
  // `filter`: what of it is wanted, where that is not all. `room`: bytes for what has come and is not read yet, where
  // that is to be more than the kernel gives anyway.
  Status open(int protocol, std::initializer_list<int> groups, const sock_fprog* filter, int room = 0);
  // Another filter from now on.
  Status filter(const sock_fprog& filter);
  virtual void hear(Answer& message, std::set<std::string>& told) = 0;
  virtual void miss(std::set<std::string>& told) = 0;

 private:
  void read_datagram(const char* at, std::size_t size, std::set<std::string>& told);

  UniqueFd fd_;
};

}  // namespace slipway::netlink
