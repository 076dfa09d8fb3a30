#include "elsewhere.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace bench {

Elsewhere::Elsewhere() : done_(eventfd(0, EFD_CLOEXEC)), thread_([this] { serve(); }) {}

Elsewhere::~Elsewhere() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
  close(done_);
}

void Elsewhere::run(const std::function<void()>& work) {
  {
    std::lock_guard lock(mutex_);
    work_ = &work;
  }
  wake_.notify_one();
  pollfd answer{done_, POLLIN, 0};
  poll(&answer, 1, -1);
  eventfd_t ignored;
  eventfd_read(done_, &ignored);
}

void Elsewhere::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return work_ != nullptr || closing_; });
    if (closing_) return;
    (*work_)();
    work_ = nullptr;
    eventfd_write(done_, 1);
  }
}

}  // namespace bench
