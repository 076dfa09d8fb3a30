// One thread, one queue, one host namespace.
//
// submit(), submit_later(), run_beside() and abandon() belong to JavaScript's thread; jobs run on the executor's own.
// `done` is called on the executor's thread with each job that ran. A thread that could not come home from another
// namespace starts the one that takes its place, which goes on with the queue.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "base/thread.h"
#include "executor/kernel.h"
#include "executor/runner.h"
#include "executor/together.h"

namespace slipway {

class Job {
 public:
  virtual ~Job() = default;
  virtual void run(Kernel& kernel) = 0;
  // In place of run(), when the thread could not get to its namespace or sockets.
  virtual void fail(Kernel& kernel, const Failure& failure) = 0;
  // JavaScript's thread has done some of it: it must be ended, by run() or fail().
  virtual bool begun() const { return false; }
  // It has stopped before a file that another process has locked, and is to be run again; hurried, it does not stop
  // there.
  virtual bool waits() const { return false; }
  virtual void hurry() {}
  // It comes after all that was asked before, also after what waits.
  virtual bool ends() const { return false; }
  // Nobody waits for a preparation, and what it leaves in the kernel is for the next job.
  virtual bool is_preparation() const { return false; }
};

class Executor {
 public:
  using Done = std::function<void(std::unique_ptr<Job>)>;

  Executor(UniqueFd host, std::shared_ptr<nft::Watch> watch, Done done);
  // Starts the thread. With `beside`, opens what JavaScript's thread needs for run_beside(), too.
  Status open(bool beside);
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  ~Executor();

  void submit(std::unique_ptr<Job> job);
  bool opened_beside() const { return opened_beside_; }
  // Runs the operations of plans that come before their ends, all of them is_for_caller_thread(), on the calling
  // thread, whatever is in the queue. `lost`: the thread could not come home from the host's namespace.
  void run_beside(const std::vector<Share>& shares, bool& lost);
  // Runs while nothing else is to be done, and not between a preparation and what comes for it at once. What has not
  // begun when the thread ends is dropped.
  void submit_later(std::unique_ptr<Job> job);
  // Drops what has not begun, lets the rest end (a plan is done or undone, never half), joins. Idempotent.
  void abandon();

  // Any thread may ask.
  const host::HeldPorts& ports() const { return ports_; }
  const std::shared_ptr<nft::Watch>& watch() const { return watch_; }
  // A descriptor of the host's namespace for another executor: a path may lead elsewhere by now.
  Status share_host(UniqueFd& fd) const;

 private:
  Status start();
  // True when another thread goes on, or nothing is left to do.
  bool replace();
  void loop();
  std::unique_ptr<Job> next(bool prepared);
  void wait_again(std::unique_ptr<Job> job);
  void join();

  UniqueFd host_;
  host::HeldPorts ports_;
  netns::Spares spares_;
  std::shared_ptr<nft::Watch> watch_;  // of all executors of one host
  Kernel beside_;                      // JavaScript's thread's
  bool opened_beside_ = false;
  Done done_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Job>> queue_, later_;
  // Others run meanwhile, and it is tried again and again: there is no way to be told.
  struct Waiting {
    std::unique_ptr<Job> job;
    std::chrono::steady_clock::time_point again;
  };
  std::deque<Waiting> waiting_;
  bool finishing_ = false;
  Thread thread_;  // the last that was started; it joins the one before
};

}  // namespace slipway
