#include "js/executor_wrap.h"

#include <algorithm>
#include <stdexcept>

#include "js/convert.h"
#include "js/jobs.h"
#include "js/read_plan.h"

namespace slipway::js {
namespace {

// A transaction of the largest size that the kernel takes, and a record of the largest that is read (host/file.cc), are
// shorter.
constexpr std::size_t kLongestPlan = 128 * 1024 * 1024;

constexpr const char* kNotOpened = "the namespace could not be opened";

// Not ToBoolean(): in a worker that is being terminated that would be refused.
bool is_true(const Napi::Value& value) { return value.IsBoolean() && value.As<Napi::Boolean>().Value(); }

}  // namespace

Napi::Function ExecutorWrap::define(Napi::Env env) {
  return DefineClass(env, "Executor",
                     {
                         InstanceMethod<&ExecutorWrap::prepare>("prepare"),
                         InstanceMethod<&ExecutorWrap::guarded<&ExecutorWrap::run>>("run"),
                         InstanceMethod<&ExecutorWrap::guarded<&ExecutorWrap::run_now>>("runNow"),
                         InstanceMethod<&ExecutorWrap::run_together>("runTogether"),
                         InstanceMethod<&ExecutorWrap::guarded<&ExecutorWrap::query>>("query"),
                         InstanceMethod<&ExecutorWrap::guarded<&ExecutorWrap::close>>("close"),
                         InstanceMethod<&ExecutorWrap::holds>("holds"),
                         InstanceAccessor<&ExecutorWrap::identity>("identity"),
                         InstanceAccessor<&ExecutorWrap::held>("held"),
                         InstanceAccessor<&ExecutorWrap::moved>("moved"),
                         InstanceMethod<&ExecutorWrap::watch>("watch"),
                     });
}

template <Napi::Value (ExecutorWrap::*method)(const Napi::CallbackInfo&)>
Napi::Value ExecutorWrap::guarded(const Napi::CallbackInfo& info) {
  try {
    return (this->*method)(info);
  } catch (...) { return write_refused(info.Env(), thrown()); }
}

ExecutorWrap::ExecutorWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ExecutorWrap>(info) {
  Napi::Env env = info.Env();
  auto status = slipway::guarded([&] { return open(info); });
  // Refused by Node.js, an exception is on its way, unless the environment is ending.
  if (env.IsExceptionPending() || (!status && !executor_)) return;
  if (status) {
    executor_.reset();
    if (has_deliver()) deliver_.Abort();
    throw_failure(env, kNotOpened, *status);
    return;
  }
  ended_ = closing_ = false;
  // Hooks run last in, first out: ours, added after the thread-safe function's own, joins the thread before that goes.
  napi_add_env_cleanup_hook(env, end_with_environment, this);
}

Status ExecutorWrap::open(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  UniqueFd host;
  auto watch = std::make_shared<nft::Watch>();
  bool further = info[0].IsObject();
  Status status = further              ? join(info[0].As<Napi::Object>(), host, watch)
                  : info[0].IsString() ? netns::open_path(info[0].As<Napi::String>().Utf8Value(), host)
                                       : netns::open_current(host);
  if (!status) status = netns::identify(host.get(), identity_);
  if (status) return status;
  deliver_ = Deliver::New(env, "slipway", 0, 1, this);
  if (!has_deliver()) return kOk;
  deliver_.Unref(env);
  executor_ = std::make_unique<Executor>(std::move(host), std::move(watch), [this](std::unique_ptr<Job> job) {
    // Refused only while the environment ends: then end() has joined this thread or is about to.
    if (deliver_.BlockingCall(job.get()) == napi_ok) static_cast<void>(job.release());
  });
  return executor_->open(!further);
}

bool ExecutorWrap::has_deliver() const { return static_cast<napi_threadsafe_function>(deliver_) != nullptr; }

// What a further executor of the same host has from the first.
Status ExecutorWrap::join(const Napi::Object& first, UniqueFd& host, std::shared_ptr<nft::Watch>& watch) {
  ExecutorWrap* other = Unwrap(first);
  if (other == nullptr) return Failure::of(ESHUTDOWN, "open");
  if (auto failure = other->share_host(host)) return failure;
  watch = other->executor_->watch();
  return kOk;
}

Status ExecutorWrap::share_host(UniqueFd& host) const {
  if (!executor_ || closing_) return Failure::of(ESHUTDOWN, "open");
  return executor_->share_host(host);
}

ExecutorWrap::~ExecutorWrap() {
  if (ended_) return;
  napi_remove_env_cleanup_hook(Env(), end_with_environment, this);
  end();
}

void ExecutorWrap::end_with_environment(void* self) { static_cast<ExecutorWrap*>(self)->end(); }

void ExecutorWrap::end() {
  if (ended_) return;
  ended_ = closing_ = true;
  // With it goes the descriptor of the host's namespace, now and not when this object is collected.
  executor_.reset();
  deliver_.Abort();
}

void ExecutorWrap::deliver(Napi::Env env, Napi::Function, ExecutorWrap* self, Job* raw) {
  std::unique_ptr<PromisedJob> job(static_cast<PromisedJob*>(raw));
  if (static_cast<napi_env>(env) == nullptr) return;  // the environment is going: nobody waits for the promise
  Napi::HandleScope scope(env);
  if (!job->in_background && --self->in_flight_ == 0) {
    self->deliver_.Unref(env);
    self->Unref();
  }
  try {
    job->settle(env);
  } catch (...) { job->deferred.resolve(write_refused(env, thrown())); }
  if (job->last()) {
    napi_remove_env_cleanup_hook(env, end_with_environment, self);
    self->end();
  }
}

Napi::Value ExecutorWrap::submit(std::unique_ptr<PromisedJob> job) {
  preparing_ = false;
  Napi::Value promise = job->deferred.promise();
  executor_->submit(std::move(job));
  // What has been submitted is delivered by this thread, later.
  if (in_flight_++ == 0) {
    deliver_.Ref(Env());
    Ref();
  }
  return promise;
}

Napi::Value ExecutorWrap::submit_later(std::unique_ptr<PromisedJob> job) {
  job->in_background = true;
  Napi::Value promise = job->deferred.promise();
  executor_->submit_later(std::move(job));
  return promise;
}

// Null when an exception is on its way.
std::unique_ptr<Runner> ExecutorWrap::read_runner(const Napi::Value& text, const Napi::Value& refuse) const {
  // In a worker that is being terminated nothing can be read, and no error be made.
  if (text.IsEmpty()) return nullptr;
  std::size_t length = 0;
  napi_get_value_string_utf8(text.Env(), text, nullptr, 0, &length);
  // Known before memory is asked for.
  if (length > kLongestPlan) throw std::length_error("plan");
  Plan plan;
  std::string wrong = read_plan(text.As<Napi::String>().Utf8Value(), plan);
  if (closing_ || !wrong.empty()) {
    Napi::Error::New(text.Env(), closing_ ? "the executor is closed" : wrong).ThrowAsJavaScriptException();
    return nullptr;
  }
  std::optional<uint32_t> refused;
  if (refuse.IsNumber()) refused = refuse.As<Napi::Number>().Uint32Value();
  return std::make_unique<Runner>(std::move(plan), refused);
}

// The arguments of run() and runNow(); false when an exception is on its way.
bool ExecutorWrap::read_run(const Napi::CallbackInfo& info, Run& run) const {
  run.with_phases = is_true(info[1]);
  run.runner = read_runner(info[0], info[2]);
  return run.runner != nullptr;
}

Napi::Value ExecutorWrap::run(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Run run;
  if (!read_run(info, run)) return env.Undefined();
  if (preparing_ && info[3].IsNumber()) {
    if (!run_beside(env, {{run.runner.get(), info[3].As<Napi::Number>().Uint32Value()}})) return env.Undefined();
    if (run.runner->outcome().failure) return write_outcome(env, run.runner->outcome(), run.with_phases);
  }
  auto job = std::make_unique<PlanJob>(env, std::move(run.runner), run.with_phases);
  return is_true(info[4]) ? submit_later(std::move(job)) : submit(std::move(job));
}

Napi::Value ExecutorWrap::run_now(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Run run;
  if (!read_run(info, run)) return env.Undefined();
  if (!run_beside(env, {{run.runner.get(), static_cast<uint32_t>(run.runner->plan().size())}})) return env.Undefined();
  return write_outcome(env, run.runner->outcome(), run.with_phases);
}

// Plans, how many operations of each, and whether phases are wanted. What is left of a plan goes to the queue: then its
// answer is a promise.
Napi::Value ExecutorWrap::run_together(const Napi::CallbackInfo& info) {
  try {
    return begin_together(info);
  } catch (...) {
    auto count = info[0].As<Napi::Array>().Length();
    Napi::Array answers = Napi::Array::New(info.Env(), count);
    for (uint32_t i = 0; i < count; ++i) answers.Set(i, write_refused(info.Env(), thrown()));
    return answers;
  }
}

Napi::Value ExecutorWrap::begin_together(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto texts = info[0].As<Napi::Array>();
  auto ends = info[1].As<Napi::Array>();
  bool with_phases = is_true(info[2]);
  uint32_t count = texts.Length();
  std::vector<std::unique_ptr<Runner>> runners;
  std::vector<Share> shares;
  for (uint32_t i = 0; i < count; ++i) {
    runners.push_back(read_runner(texts.Get(i), env.Undefined()));
    if (!runners.back()) return env.Undefined();
    shares.push_back({runners.back().get(), Napi::Value(ends.Get(i)).As<Napi::Number>().Uint32Value()});
  }
  if (shares.empty()) return Napi::Array::New(env);
  if (!run_beside(env, shares)) return env.Undefined();
  Napi::Array answers = Napi::Array::New(env, count);
  for (uint32_t i = 0; i < count; ++i) {
    Runner& runner = *runners[i];
    bool ended = runner.outcome().failure || shares[i].end == runner.plan().size();
    answers.Set(i, ended ? write_outcome(env, runner.outcome(), with_phases)
                         : submit(std::make_unique<PlanJob>(env, std::move(runners[i]), with_phases)));
  }
  return answers;
}

// False when an exception is on its way.
bool ExecutorWrap::run_beside(Napi::Env env, const std::vector<Share>& shares) {
  auto may_run = [this](const Share& share) {
    const Plan& plan = share.runner->plan();
    return executor_->opened_beside() && share.end <= plan.size() &&
           std::all_of(plan.begin(), plan.begin() + share.end, is_for_caller_thread);
  };
  if (!std::all_of(shares.begin(), shares.end(), may_run)) {
    Napi::Error::New(env, "a plan for the executor's thread").ThrowAsJavaScriptException();
    return false;
  }
  bool lost = false;
  executor_->run_beside(shares, lost);
  // As in enter(): whatever followed would be done in the wrong network.
  if (lost) Napi::Error::Fatal("slipway run", "this thread could not return to its network namespace");
  return true;
}

// A busy thread gains nothing by it.
void ExecutorWrap::prepare(const Napi::CallbackInfo&) {
  if (closing_ || preparing_ || in_flight_ > 0) return;
  preparing_ = true;
  executor_->submit(std::make_unique<PreparationJob>());
}

Napi::Value ExecutorWrap::query(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto job = make_query(info[0].As<Napi::Object>());
  if (closing_ || !job) {
    Napi::Error::New(env, closing_ ? "the executor is closed" : "unknown query").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  return is_true(info[1]) ? submit_later(std::move(job)) : submit(std::move(job));
}

// Resolves when everything that was asked before has been answered and the thread has ended.
Napi::Value ExecutorWrap::close(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (closing_) {
    Deferred done(env);
    done.resolve(env.Undefined());
    return done.promise();
  }
  closing_ = true;
  return submit(std::make_unique<EndJob>(env));
}

Napi::Value ExecutorWrap::identity(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(identity_));
}

Napi::Value ExecutorWrap::moved(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), executor_ && executor_->watch()->moved());
}

void ExecutorWrap::watch(const Napi::CallbackInfo& info) {
  if (executor_) executor_->watch()->begin(info[0].As<Napi::Number>().Uint32Value());
}

Napi::Value ExecutorWrap::held(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), executor_ ? static_cast<double>(executor_->ports().size()) : 0);
}

Napi::Value ExecutorWrap::holds(const Napi::CallbackInfo& info) {
  try {
    bool held = executor_ && executor_->ports().holds(info[0].As<Napi::String>().Utf8Value());
    return Napi::Boolean::New(info.Env(), held);
  } catch (...) { return throw_failure(info.Env(), "the port could not be looked for", thrown()); }
}

}  // namespace slipway::js
