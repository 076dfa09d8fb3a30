#include "executor/executor.h"

#include <fcntl.h>

#include <algorithm>

#include "base/guard.h"

namespace slipway {
namespace {

using Clock = std::chrono::steady_clock;

// Looking at a lock takes a few µs. Most are held for less than this.
constexpr std::chrono::milliseconds kLockLook{2};

// What a preparation is for comes at once, or not at all, or waits itself for what runs later.
constexpr std::chrono::milliseconds kPreparation{5};

}  // namespace

Executor::Executor(UniqueFd host, std::shared_ptr<nft::Watch> watch, Done done)
    : host_(std::move(host)), watch_(std::move(watch)), beside_(ports_, spares_, *watch_), done_(std::move(done)) {}

Executor::~Executor() { abandon(); }

Status Executor::open(bool beside) {
  if (beside) {
    if (auto failure = beside_.open_beside(host_.get())) return failure;
  }
  opened_beside_ = beside;
  std::lock_guard lock(mutex_);
  return start();
}

Status Executor::share_host(UniqueFd& fd) const {
  fd.reset(fcntl(host_.get(), F_DUPFD_CLOEXEC, 0));
  return fd ? kOk : Status(Failure::last("fcntl"));
}

// With mutex_ held.
Status Executor::start() {
  auto before = std::make_shared<Thread>();
  Thread started;
  auto failure = Thread::start(
      "slipway",
      [this, before] {
        // Handed over under the mutex, which this waits for.
        { std::lock_guard lock(mutex_); }
        if (before->joinable()) before->join();
        loop();
      },
      started);
  if (failure) return failure;
  *before = std::move(thread_);
  thread_ = std::move(started);
  return kOk;
}

void Executor::submit(std::unique_ptr<Job> job) {
  {
    std::lock_guard lock(mutex_);
    queue_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void Executor::run_beside(const std::vector<Share>& shares, bool& lost) {
  auto run = [&] {
    return guarded([&]() -> Status {
      run_together(beside_, shares);
      return kOk;
    });
  };
  // All else goes by descriptors and paths.
  auto binds = [](const Share& share) {
    const Plan& plan = share.runner->plan();
    return std::any_of(plan.begin(), plan.begin() + share.end,
                       [](const Operation& op) { return std::holds_alternative<PortHold>(op); });
  };
  if (auto failure = std::any_of(shares.begin(), shares.end(), binds) ? beside_.at_host(run) : run()) {
    for (const auto& share : shares) {
      if (!share.runner->outcome().failure) share.runner->give_up(beside_, *failure);
    }
  }
  beside_.forget();
  lost = beside_.lost();
}

void Executor::submit_later(std::unique_ptr<Job> job) {
  {
    std::lock_guard lock(mutex_);
    later_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void Executor::abandon() {
  {
    std::lock_guard lock(mutex_);
    std::erase_if(queue_, [](const auto& job) { return !job->begun(); });
    std::erase_if(waiting_, [](const auto& waiting) { return !waiting.job->begun(); });
    later_.clear();
    finishing_ = true;
  }
  wake_.notify_one();
  join();
}

void Executor::join() {
  for (;;) {
    Thread last;
    {
      std::lock_guard lock(mutex_);
      last = std::move(thread_);
    }
    if (!last.joinable()) return;
    // Lost meanwhile, it has left another.
    last.join();
  }
}

// What is in the queue may have begun already: it is ended even when nothing new is taken any more.
bool Executor::replace() {
  std::lock_guard lock(mutex_);
  return (finishing_ && queue_.empty() && waiting_.empty()) || !guarded([this] { return start(); });
}

// Null when all has ended. `prepared`: what runs later does not come between a preparation and what comes for it.
std::unique_ptr<Job> Executor::next(bool prepared) {
  auto take = [](std::deque<std::unique_ptr<Job>>& queue) {
    std::unique_ptr<Job> job = std::move(queue.front());
    queue.pop_front();
    return job;
  };
  auto until = Clock::now() + kPreparation;
  std::unique_lock lock(mutex_);
  for (;;) {
    auto now = Clock::now();
    if (!waiting_.empty() && (finishing_ || waiting_.front().again <= now)) {
      std::unique_ptr<Job> job = std::move(waiting_.front().job);
      waiting_.pop_front();
      if (finishing_) job->hurry();
      return job;
    }
    if (!queue_.empty() && (waiting_.empty() || !queue_.front()->ends())) return take(queue_);
    if (queue_.empty() && finishing_) return nullptr;
    prepared = prepared && now < until;
    if (queue_.empty() && !later_.empty() && !prepared) return take(later_);
    if (!waiting_.empty()) {
      wake_.wait_until(lock, waiting_.front().again);
    } else if (prepared) {
      wake_.wait_until(lock, until);
    } else {
      wake_.wait(lock);
    }
  }
}

void Executor::wait_again(std::unique_ptr<Job> job) {
  std::lock_guard lock(mutex_);
  waiting_.push_back({std::move(job), Clock::now() + kLockLook});
}

void Executor::loop() {
  Kernel kernel(ports_, spares_, *watch_);
  auto open = [&] { return guarded([&] { return kernel.open(host_.get()); }); };
  Status broken = open();
  bool prepared = false;
  for (;;) {
    std::unique_ptr<Job> job = next(prepared);
    if (!job) return;
    // The process may have had no descriptor left when the thread began.
    if (broken && !kernel.lost()) broken = open();
    auto refused = broken ? broken : guarded([&]() -> Status {
      job->run(kernel);
      return kOk;
    });
    if (refused) {
      (void)guarded([&]() -> Status {
        job->fail(kernel, *refused);
        return kOk;
      });
    }
    prepared = job->is_preparation();
    if (!prepared) {
      // Told first: closing what the job has used need not hold up who waits for it.
      if (!broken && job->waits()) {
        wait_again(std::move(job));
      } else {
        done_(std::move(job));
      }
      kernel.forget();
    }
    if (!kernel.lost()) continue;
    if (replace()) return;
    // No other thread is to be had, and this one must do nothing more: what comes is refused, until one is.
    broken = Kernel::astray();
  }
}

}  // namespace slipway
