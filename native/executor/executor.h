// One thread, one queue, one host namespace.
//
// submit(), finish(), abandon() and revive() belong to JavaScript's thread; jobs run on the executor's own. `done` is
// called on the executor's thread with each job that ran.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "executor/kernel.h"

namespace slipway {

class Job {
 public:
  virtual ~Job() = default;
  virtual void run(Kernel& kernel) = 0;
  // In place of run(), when the thread could not get to its namespace or sockets.
  virtual void fail(const Failure& failure) = 0;
  // Nobody waits for a preparation, and what it leaves in the kernel is for the next job.
  virtual bool is_preparation() const { return false; }
};

class Executor {
 public:
  using Done = std::function<void(std::unique_ptr<Job>)>;

  Executor(UniqueFd host, Done done);
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  ~Executor();

  void submit(std::unique_ptr<Job> job);
  // Lets the thread end once the queue is empty; join() then does not wait.
  void finish();
  // Drops what has not begun, lets the job at hand end (a plan is done or undone, never half), joins. Idempotent.
  void abandon();
  void join();
  // A thread that could not come home from another namespace has ended; puts a new one in its place.
  void revive();

  // Any thread may ask.
  const host::HeldPorts& ports() const { return ports_; }

 private:
  void start();
  void loop();

  UniqueFd host_;
  host::HeldPorts ports_;
  Done done_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Job>> queue_;
  bool finishing_ = false;
  bool lost_ = false;
  std::thread thread_;
};

}  // namespace slipway
