// News that come as events of a descriptor: of inotify, of fanotify. They are told a moment later.
#pragma once

#include <string_view>

#include "base/news.h"
#include "base/unique_fd.h"

namespace slipway {

class EventNews : public News {
 public:
  bool read(std::set<std::string>& told) override;
  int rest() const override { return 20; }
  int fd() const override { return fd_.get(); }

 protected:
  // One or more events, each of them whole.
  virtual void hear(std::string_view events, std::set<std::string>& told) = 0;
  void listen_to(UniqueFd fd) { fd_ = std::move(fd); }

 private:
  UniqueFd fd_;
};

}  // namespace slipway
