// What JavaScript asks of the executor's thread: run a plan, answer a question, or end.
#pragma once

#include <napi.h>

#include <functional>

#include "executor/executor.h"
#include "executor/runner.h"
#include "js/deferred.h"

namespace slipway::js {

// A job with a promise. settle() runs on JavaScript's thread.
class PromisedJob : public Job {
 public:
  explicit PromisedJob(Napi::Env env) : deferred(env) {}
  virtual void settle(Napi::Env env) = 0;
  virtual bool last() const { return false; }

  // It keeps neither the process nor the executor alive.
  bool in_background = false;
  Deferred deferred;
};

// { phases?, failure? }, or undefined when neither is there to tell. A refused plan is an answer, too; JavaScript makes
// the error. Empty in a worker that is being terminated: nobody waits for it.
Napi::Value write_outcome(Napi::Env env, const Outcome& outcome, bool with_phases);
// The outcome of a plan, or the answer to a query, that was refused before it was begun.
Napi::Value write_refused(Napi::Env env, const Failure& failure);

class PlanJob : public PromisedJob {
 public:
  PlanJob(Napi::Env env, std::unique_ptr<Runner> runner, bool with_phases)
      : PromisedJob(env), runner_(std::move(runner)), with_phases_(with_phases) {}
  void run(Kernel& kernel) override { runner_->run(kernel); }
  void fail(Kernel& kernel, const Failure& failure) override { runner_->give_up(kernel, failure); }
  bool begun() const override { return runner_->begun(); }
  bool waits() const override { return runner_->waits(); }
  void hurry() override { runner_->hurry(); }
  void settle(Napi::Env env) override { deferred.resolve(write_outcome(env, runner_->outcome(), with_phases_)); }

 private:
  std::unique_ptr<Runner> runner_;
  bool with_phases_;
};

// Resolves to { value } or { failure }. `ask` runs on the executor's thread, `write` on JavaScript's. A question
// changes nothing, so it is asked again where its answer was lost, or where what was asked for changed meanwhile.
class QueryJob : public PromisedJob {
 public:
  using Ask = std::function<Status(Kernel&)>;
  using Write = std::function<Napi::Value(Napi::Env)>;
  QueryJob(Napi::Env env, Ask ask, Write write) : PromisedJob(env), ask_(std::move(ask)), write_(std::move(write)) {}
  void run(Kernel& kernel) override;
  void fail(Kernel&, const Failure& failure) override { status_ = failure; }
  void settle(Napi::Env env) override;

 private:
  Ask ask_;
  Write write_;
  Status status_;
};

// Makes a namespace ahead, while JavaScript is still thinking.
class PreparationJob : public Job {
 public:
  void run(Kernel& kernel) override { kernel.prepare_netns(); }
  void fail(Kernel&, const Failure&) override {}
  bool is_preparation() const override { return true; }
};

// The last job of a queue. Sockets are closed here, as thousands would hold JavaScript's thread up.
class EndJob : public PromisedJob {
 public:
  using PromisedJob::PromisedJob;
  void run(Kernel& kernel) override { kernel.ports().clear(); }
  void fail(Kernel&, const Failure&) override {}
  void settle(Napi::Env env) override { deferred.resolve(env.Undefined()); }
  bool last() const override { return true; }
  bool ends() const override { return true; }
};

// The query that a JavaScript object describes ({ ask: 'links' }, …), or null when it is not known.
std::unique_ptr<QueryJob> make_query(const Napi::Object& question);

}  // namespace slipway::js
