// The class that JavaScript sees: new Executor(netns or another executor?), prepare(), run(), runNow(), runTogether(),
// query(), holds(), close().
//
// Thread: JavaScript's, but for the one call into the thread-safe function. Lifetime: idle, the object may be collected
// and the process may exit; with work in flight it holds both. An environment that ends (worker.terminate(),
// process.exit()) drops what has not begun and waits for the plan at hand.
#pragma once

#include <napi.h>

#include <memory>

#include "executor/executor.h"

namespace slipway::js {

class ExecutorWrap : public Napi::ObjectWrap<ExecutorWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ExecutorWrap(const Napi::CallbackInfo& info);
  ~ExecutorWrap() override;

  // A descriptor of its namespace. ESHUTDOWN when it was closed.
  Status share_host(UniqueFd& host) const;
  // What all executors of its host know of nf_tables. Only while share_host() gives the host.
  std::shared_ptr<nft::Watch> watch_of_ruleset() const { return executor_->watch(); }

 private:
  static void deliver(Napi::Env env, Napi::Function, ExecutorWrap* self, Job* job);
  using Deliver = Napi::TypedThreadSafeFunction<ExecutorWrap, Job, deliver>;

  static Status join(const Napi::Object& first, UniqueFd& host, std::shared_ptr<nft::Watch>& watch);

  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value run_now(const Napi::CallbackInfo& info);
  Napi::Value run_together(const Napi::CallbackInfo& info);
  Napi::Value begin_together(const Napi::CallbackInfo& info);
  void prepare(const Napi::CallbackInfo& info);
  Napi::Value query(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);
  Napi::Value identity(const Napi::CallbackInfo& info);
  Napi::Value moved(const Napi::CallbackInfo& info);
  void watch(const Napi::CallbackInfo& info);
  Napi::Value held(const Napi::CallbackInfo& info);
  Napi::Value holds(const Napi::CallbackInfo& info);

  struct Run {
    std::unique_ptr<Runner> runner;
    bool with_phases = false;
  };
  // Around the methods: what the standard library throws becomes their answer.
  template <Napi::Value (ExecutorWrap::*method)(const Napi::CallbackInfo&)>
  Napi::Value guarded(const Napi::CallbackInfo& info);
  Status open(const Napi::CallbackInfo& info);
  bool read_run(const Napi::CallbackInfo& info, Run& run) const;
  std::unique_ptr<Runner> read_runner(const Napi::Value& text, const Napi::Value& refuse) const;
  bool run_beside(Napi::Env env, const std::vector<Share>& shares);
  Napi::Value submit(std::unique_ptr<class PromisedJob> job);
  Napi::Value submit_later(std::unique_ptr<class PromisedJob> job);
  bool has_deliver() const;
  void end();
  static void end_with_environment(void* self);

  std::unique_ptr<Executor> executor_;
  Deliver deliver_;
  uint64_t identity_ = 0;
  uint32_t in_flight_ = 0;
  bool preparing_ = false;  // the last that the thread was given to do, and nobody has come for it
  bool closing_ = true;     // close() was called: nothing new is taken
  bool ended_ = true;       // the thread is gone
};

}  // namespace slipway::js
