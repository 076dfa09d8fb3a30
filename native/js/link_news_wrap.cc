#include "js/link_news_wrap.h"

#include <uv.h>

#include <memory>

#include "base/guard.h"
#include "js/convert.h"
#include "js/executor_wrap.h"
#include "netns/netns.h"
#include "rtnl/forwarding_news.h"
#include "rtnl/link_news.h"

namespace slipway::js {
namespace {

constexpr const char* kNotHeard = "rtnetlink could not be listened to";

}  // namespace

struct LinkNewsWrap::Watch {
  uv_poll_t poll{};
  std::unique_ptr<rtnl::News> news;
  rtnl::LinkNews* links = nullptr;  // the same, where it is about links
  LinkNewsWrap* owner = nullptr;    // null once nobody listens
  napi_async_cleanup_hook_handle hook = nullptr;

  static void heard(uv_poll_t* poll, int status, int);
  static void end_with_environment(napi_async_cleanup_hook_handle, void* watch) { static_cast<Watch*>(watch)->close(); }
  void close() {
    if (owner != nullptr) owner->watch_ = nullptr;
    owner = nullptr;
    auto* handle = reinterpret_cast<uv_handle_t*>(&poll);
    if (uv_is_closing(handle) == 0) uv_close(handle, closed);
  }
  static void closed(uv_handle_t* handle) {
    auto* watch = static_cast<Watch*>(handle->data);
    napi_remove_async_cleanup_hook(watch->hook);
    delete watch;
  }
};

Napi::Function LinkNewsWrap::define(Napi::Env env) {
  return DefineClass(env, "LinkNews",
                     {
                         InstanceMethod<&LinkNewsWrap::guarded<&LinkNewsWrap::mean>>("mean"),
                         InstanceMethod<&LinkNewsWrap::close>("close"),
                     });
}

template <Napi::Value (LinkNewsWrap::*method)(const Napi::CallbackInfo&)>
Napi::Value LinkNewsWrap::guarded(const Napi::CallbackInfo& info) {
  try {
    return (this->*method)(info);
  } catch (...) { return throw_failure(info.Env(), kNotHeard, thrown()); }
}

LinkNewsWrap::LinkNewsWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<LinkNewsWrap>(info) {
  auto failure = slipway::guarded([&] { return open(info); });
  if (!failure) return;
  end();
  throw_failure(info.Env(), kNotHeard, *failure);
}

Status LinkNewsWrap::open(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto* executor = ExecutorWrap::Unwrap(info[0].As<Napi::Object>());
  UniqueFd host;
  UniqueFd home;
  if (executor == nullptr) return Failure::of(ESHUTDOWN, "open");
  if (auto failure = executor->share_host(host)) return failure;
  if (auto failure = netns::open_current(home)) return failure;
  auto watch = std::make_unique<Watch>();
  if (info[2].ToBoolean().Value()) {
    watch->news = std::make_unique<rtnl::ForwardingNews>();
  } else {
    auto links = std::make_unique<rtnl::LinkNews>();
    watch->links = links.get();
    watch->news = std::move(links);
  }
  {
    netns::Visit visit(host.get(), home.get());
    if (visit.status()) return visit.status();
    Status failure = watch->news->open();
    if (visit.lost()) Napi::Error::Fatal("slipway listen", "this thread could not return to its network namespace");
    if (failure) return failure;
  }
  changed_ = Napi::Persistent(info[1].As<Napi::Function>());
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return Failure::of(ECANCELED, "uv_poll_init");
  if (int error = uv_poll_init(loop, &watch->poll, watch->news->fd())) return Failure::of(-error, "uv_poll_init");
  // From here on it is libuv's.
  watch->poll.data = watch.get();
  watch->owner = this;
  watch_ = watch.release();
  napi_add_async_cleanup_hook(env, Watch::end_with_environment, watch_, &watch_->hook);
  uv_unref(reinterpret_cast<uv_handle_t*>(&watch_->poll));
  if (int error = uv_poll_start(&watch_->poll, UV_READABLE, Watch::heard)) return Failure::of(-error, "uv_poll_start");
  return kOk;
}

Napi::Value LinkNewsWrap::mean(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto given = info[0].As<Napi::Array>();
  std::set<std::string> names;
  for (uint32_t i = 0; i < given.Length(); ++i) names.insert(Napi::Value(given.Get(i)).As<Napi::String>().Utf8Value());
  Napi::Object numbers = Napi::Object::New(env);
  if (watch_ == nullptr || watch_->links == nullptr) return numbers;
  for (const auto& [name, number] : watch_->links->mean(names)) numbers.Set(name, Napi::Number::New(env, number));
  return numbers;
}

void LinkNewsWrap::end() {
  if (watch_ != nullptr) watch_->close();
}

void LinkNewsWrap::Watch::heard(uv_poll_t* poll, int status, int) {
  auto* watch = static_cast<Watch*>(poll->data);
  std::set<std::string> moved;
  auto failure = slipway::guarded([&]() -> Status {
    bool more = watch->news->read(moved);
    if (!more) uv_poll_stop(poll);
    // libuv has stopped where the kernel had more to say than there was room for, as it does with any error.
    else if (status < 0) uv_poll_start(poll, UV_READABLE, heard);
    return kOk;
  });
  if (!failure && !moved.empty() && watch->owner != nullptr) watch->owner->tell(moved);
}

// Afterwards this object may have been closed.
void LinkNewsWrap::tell(const std::set<std::string>& moved) {
  Napi::Env env = Env();
  Napi::HandleScope scope(env);
  Napi::Array names = Napi::Array::New(env);
  for (const auto& name : moved) names.Set(names.Length(), Napi::String::New(env, name));
  changed_.MakeCallback(env.Global(), {names});
  if (env.IsExceptionPending()) env.GetAndClearPendingException();
}

}  // namespace slipway::js
