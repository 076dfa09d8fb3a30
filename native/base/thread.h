// A thread that may be refused: that is an answer, and no exception.
#pragma once

#include <pthread.h>

#include <functional>
#include <memory>
#include <utility>

#include "base/guard.h"

namespace slipway {

class Thread {
 public:
  Thread() = default;
  Thread(Thread&& other) noexcept : id_(other.id_), joinable_(std::exchange(other.joinable_, false)) {}
  Thread& operator=(Thread&& other) noexcept {
    id_ = other.id_;
    joinable_ = std::exchange(other.joinable_, false);
    return *this;
  }

  // EAGAIN when the process may have no more threads, or there is no memory for one.
  static Status start(const char* name, std::function<void()> work, Thread& thread) {
    auto owned = std::make_unique<std::function<void()>>(std::move(work));
    int error = pthread_create(&thread.id_, nullptr, run, owned.get());
    if (error != 0) return Failure::of(error, "pthread_create");
    static_cast<void>(owned.release());
    thread.joinable_ = true;
    pthread_setname_np(thread.id_, name);
    return kOk;
  }

  bool joinable() const { return joinable_; }
  void join() {
    pthread_join(id_, nullptr);
    joinable_ = false;
  }

 private:
  static void* run(void* work) {
    be_ready_to_throw();
    std::unique_ptr<std::function<void()>> owned(static_cast<std::function<void()>*>(work));
    (*owned)();
    return nullptr;
  }

  pthread_t id_ = 0;
  bool joinable_ = false;
};

}  // namespace slipway
