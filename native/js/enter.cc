#include "js/enter.h"

#include <atomic>

#include "js/convert.h"
#include "js/identity.h"
#include "netns/netns.h"

namespace slipway::js {
namespace {

constexpr const char* kNotEntered = "the namespace could not be entered";
constexpr const char* kLost = "this thread could not return to its network namespace";

// libuv makes the threads of its pool when work first comes, and each stays in the network namespace of the thread that
// made it.
class FirstWork : public Napi::AsyncWorker {
 public:
  explicit FirstWork(Napi::Env env) : Napi::AsyncWorker(env) {}
  void Execute() override {}
};

void start_pool(Napi::Env env) {
  // The pool is the process's, and starting it twice does nothing.
  static std::atomic<bool> started;
  if (!started.exchange(true)) (new FirstWork(env))->Queue();
}

}  // namespace

Napi::Value enter(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  start_pool(env);
  UniqueFd home;
  UniqueFd place;
  UniqueFd target;
  netns::Identity found;
  if (auto failure = netns::open_current(home)) return throw_failure(env, kNotEntered, *failure);
  if (auto failure = netns::locate(info[0].As<Napi::String>().Utf8Value(), place, found))
    return throw_failure(env, kNotEntered, *failure);
  bool host = info[3].IsNumber() && found.inode == static_cast<uint64_t>(info[3].As<Napi::Number>().Int64Value());
  if (host) return throw_failure(env, kNotEntered, Failure::of(ESTALE, "fstat"));
  if (info[2].IsObject()) {
    bool lost = false;
    auto another = netns::confirm(place.get(), found, read_identity(info[2].As<Napi::Object>()), lost);
    if (lost) Napi::Error::Fatal("slipway enter", kLost);
    if (another) return throw_failure(env, kNotEntered, *another);
  }
  if (auto failure = netns::reopen(place.get(), target)) return throw_failure(env, kNotEntered, *failure);
  netns::Visit visit(target.get(), home.get());
  if (visit.status()) return throw_failure(env, kNotEntered, *visit.status());
  Napi::Value result = info[1].As<Napi::Function>().Call({});
  // A JavaScript thread that is stuck in a sandbox's network would do everything that follows in the wrong place.
  if (visit.lost()) Napi::Error::Fatal("slipway enter", kLost);
  return result;
}

}  // namespace slipway::js
