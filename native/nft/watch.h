// Whether anything has changed nf_tables but transactions of ours: its generation counts them all. A transaction says
// on which generation it is based, in the message that begins it anyway, and is refused before anything of it is done
// where that is not the kernel's. Shared by threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>

namespace slipway::nft {

class Watch {
 public:
  // What the next transaction is based on; 0 while nobody watches.
  uint32_t generation() const { return generation_.load(); }

  // A transaction that was based on a generation is done.
  void committed(uint32_t on) {
    if (on == 0) return;
    uint32_t expected = on;
    generation_.compare_exchange_strong(expected, on + 1 == 0 ? 1 : on + 1);
  }

  // A transaction was refused as the kernel is elsewhere: by another thread of ours, or it has been moved, and nobody
  // watches any more.
  void overtaken(uint32_t on) {
    uint32_t expected = on;
    if (generation_.compare_exchange_strong(expected, 0)) moved_ = true;
  }

  // Anew from here.
  void begin(uint32_t generation) {
    moved_ = false;
    generation_ = generation;
  }

  bool moved() const { return moved_.load(); }

  // A socket of ours asks for transactions by this port from now on, in place of another (0 for none).
  void speaks_by(uint32_t port, uint32_t instead_of) {
    std::lock_guard lock(mutex_);
    ports_.erase(instead_of);
    ports_.insert(port);
  }
  // What is done by these is done by us.
  std::set<uint32_t> ports() const {
    std::lock_guard lock(mutex_);
    return ports_;
  }

 private:
  std::atomic<uint32_t> generation_{0};
  std::atomic<bool> moved_{false};
  mutable std::mutex mutex_;
  std::set<uint32_t> ports_;  // of our sockets
};

}  // namespace slipway::nft
