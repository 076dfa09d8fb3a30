// News of netlink: multicasts of the kernel.
#pragma once

#include <initializer_list>
#include <set>
#include <string>

#include "base/news.h"
#include "base/unique_fd.h"
#include "netlink/answer.h"

struct sock_fprog;

namespace slipway::netlink {

class News : public slipway::News {
 public:
  bool read(std::set<std::string>& told) override;
  int fd() const override { return fd_.get(); }

 protected:
  using slipway::News::open;
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
