// Hands work to another thread and waits for it as an event loop would: the answer comes by a descriptor.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace bench {

class Elsewhere {
 public:
  Elsewhere();
  Elsewhere(const Elsewhere&) = delete;
  Elsewhere& operator=(const Elsewhere&) = delete;
  ~Elsewhere();

  // Returns when the other thread has done it.
  void run(const std::function<void()>& work);

 private:
  void serve();

  int done_;
  std::mutex mutex_;
  std::condition_variable wake_;
  const std::function<void()>* work_ = nullptr;
  bool closing_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace bench
