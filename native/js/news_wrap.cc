#include "js/news_wrap.h"

#include <uv.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/guard.h"
#include "js/convert.h"
#include "js/executor_wrap.h"
#include "host/removed_files.h"
#include "host/setting_news.h"
#include "netns/netns.h"
#include "netns/unbound_names.h"
#include "nft/rule_news.h"
#include "nft/ruleset_news.h"
#include "rtnl/forwarding_news.h"
#include "rtnl/link_news.h"
#include "rtnl/own_links.h"

namespace slipway::js {
namespace {

constexpr const char* kKernelNotHeard = "the kernel could not be listened to";

std::set<std::string> texts(const Napi::Array& given) {
  std::set<std::string> found;
  for (uint32_t i = 0; i < given.Length(); ++i) found.insert(Napi::Value(given.Get(i)).As<Napi::String>().Utf8Value());
  return found;
}

}  // namespace

struct NewsWrap::Watch {
  uv_poll_t poll{};
  uv_timer_t timer{};
  int open_handles = 0;
  std::unique_ptr<News> news;
  rtnl::LinkNews* links = nullptr;  // the same, where it is about those
  rtnl::OwnLinks* own = nullptr;    // likewise
  host::SettingNews* settings = nullptr;
  UniqueFd host;              // the namespace that those are of
  NewsWrap* owner = nullptr;  // null once nobody listens
  bool deaf = false;          // nothing more will come
  napi_async_cleanup_hook_handle hook = nullptr;

  static void heard(uv_poll_t* poll, int status, int);
  static void rested(uv_timer_t* timer);
  static void end_with_environment(napi_async_cleanup_hook_handle, void* watch) { static_cast<Watch*>(watch)->close(); }
  void listen() { uv_poll_start(&poll, UV_READABLE, heard); }
  void rest() { uv_timer_start(&timer, rested, static_cast<uint64_t>(news->rest()), 0); }
  void tell(const std::set<std::string>& told) {
    if (!told.empty() && owner != nullptr) owner->tell(told);
  }
  Status mean_settings(const std::set<std::string>& of) {
    UniqueFd home;
    if (auto failure = netns::open_current(home)) return failure;
    netns::Visit visit(host.get(), home.get());
    if (!visit.status()) settings->mean(of);
    if (visit.lost()) Napi::Error::Fatal("slipway listen", "this thread could not return to its network namespace");
    return visit.status();
  }
  void close() {
    if (owner != nullptr) owner->watch_ = nullptr;
    owner = nullptr;
    for (auto* handle : {reinterpret_cast<uv_handle_t*>(&poll), reinterpret_cast<uv_handle_t*>(&timer)})
      if (uv_is_closing(handle) == 0) uv_close(handle, closed);
    // libuv has let go of the socket: it is closed when this returns.
    links = nullptr;
    own = nullptr;
    settings = nullptr;
    news.reset();
    host = UniqueFd();
  }
  static void closed(uv_handle_t* handle) {
    auto* watch = static_cast<Watch*>(handle->data);
    if (--watch->open_handles > 0) return;
    napi_remove_async_cleanup_hook(watch->hook);
    delete watch;
  }
};

Napi::Function NewsWrap::define(Napi::Env env) {
  return DefineClass(env, "News",
                     {
                         InstanceMethod<&NewsWrap::guarded<&NewsWrap::mean>>("mean"),
                         InstanceMethod<&NewsWrap::guarded<&NewsWrap::know>>("know"),
                         InstanceMethod<&NewsWrap::close>("close"),
                     });
}

template <Napi::Value (NewsWrap::*method)(const Napi::CallbackInfo&)>
Napi::Value NewsWrap::guarded(const Napi::CallbackInfo& info) {
  try {
    return (this->*method)(info);
  } catch (...) { return throw_failure(info.Env(), kKernelNotHeard, thrown()); }
}

NewsWrap::NewsWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NewsWrap>(info) {
  auto failure = slipway::guarded([&] { return open(info); });
  if (!failure) return;
  end();
  throw_failure(info.Env(), kKernelNotHeard, *failure);
}

Status NewsWrap::open(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto* executor = ExecutorWrap::Unwrap(info[0].As<Napi::Object>());
  UniqueFd host;
  UniqueFd home;
  if (executor == nullptr) return Failure::of(ESHUTDOWN, "open");
  if (auto failure = executor->share_host(host)) return failure;
  if (auto failure = netns::open_current(home)) return failure;
  auto watch = std::make_unique<Watch>();
  if (auto failure = make(info[2].As<Napi::Object>(), *executor, *watch)) return failure;
  {
    netns::Visit visit(host.get(), home.get());
    if (visit.status()) return visit.status();
    Status failure = watch->news->open();
    if (visit.lost()) Napi::Error::Fatal("slipway listen", "this thread could not return to its network namespace");
    if (failure) return failure;
  }
  if (watch->settings != nullptr) watch->host = std::move(host);
  changed_ = Napi::Persistent(info[1].As<Napi::Function>());
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return Failure::of(ECANCELED, "uv_poll_init");
  if (int error = uv_poll_init(loop, &watch->poll, watch->news->fd())) return Failure::of(-error, "uv_poll_init");
  // From here on it is libuv's.
  uv_timer_init(loop, &watch->timer);
  watch->poll.data = watch->timer.data = watch.get();
  watch->open_handles = 2;
  watch->owner = this;
  watch_ = watch.release();
  napi_add_async_cleanup_hook(env, Watch::end_with_environment, watch_, &watch_->hook);
  uv_unref(reinterpret_cast<uv_handle_t*>(&watch_->poll));
  uv_unref(reinterpret_cast<uv_handle_t*>(&watch_->timer));
  if (int error = uv_poll_start(&watch_->poll, UV_READABLE, Watch::heard)) return Failure::of(-error, "uv_poll_start");
  return kOk;
}

Status NewsWrap::make(const Napi::Object& about, const ExecutorWrap& executor, Watch& watch) {
  const auto kind = about.Get("about").As<Napi::String>().Utf8Value();
  const auto text = [&](const char* name) { return about.Get(name).As<Napi::String>().Utf8Value(); };
  const auto number = [](const Napi::Value& value) { return value.As<Napi::Number>().Uint32Value(); };
  if (kind == "forwarding") {
    watch.news = std::make_unique<rtnl::ForwardingNews>();
  } else if (kind == "links") {
    auto links = std::make_unique<rtnl::LinkNews>();
    watch.links = links.get();
    watch.news = std::move(links);
  } else if (kind == "own links") {
    auto given = about.Get("ports").As<Napi::Array>();
    auto rules = about.Get("rules").As<Napi::Object>();
    const auto rule = [&](const char* name) {
      auto of = rules.Get(name).As<Napi::Object>();
      return rtnl::Rule{number(of.Get("mask")), number(of.Get("value"))};
    };
    rtnl::OwnGroups groups{number(about.Get("bridges")),
                           number(about.Get("segments")),
                           {},
                           number(about.Get("leaving")),
                           rule("bridge"),
                           rule("port")};
    for (uint32_t i = 0; i < given.Length(); ++i) groups.ports.insert(number(given.Get(i)));
    auto own = std::make_unique<rtnl::OwnLinks>(std::move(groups));
    watch.own = own.get();
    watch.news = std::move(own);
  } else if (kind == "ruleset") {
    watch.news = std::make_unique<nft::RulesetNews>(executor.watch_of_ruleset(), text("table"), text("kept"));
  } else if (kind == "firewalls") {
    watch.news = std::make_unique<nft::RuleNews>();
  } else if (kind == "removed files") {
    watch.news = std::make_unique<host::RemovedFiles>(texts(about.Get("folders").As<Napi::Array>()));
  } else if (kind == "settings") {
    auto settings = std::make_unique<host::SettingNews>(texts(about.Get("names").As<Napi::Array>()));
    watch.settings = settings.get();
    watch.news = std::move(settings);
  } else if (kind == "unbound names") {
    watch.news = std::make_unique<netns::UnboundNames>();
  } else {
    return Failure::of(EINVAL, "open");
  }
  return kOk;
}

Napi::Value NewsWrap::know(const Napi::CallbackInfo& info) {
  auto given = info[0].As<Napi::Array>();
  auto macs = info[1].As<Napi::Object>();
  if (watch_ == nullptr || watch_->own == nullptr) return info.Env().Undefined();
  std::vector<rtnl::FoundLink> found;
  for (uint32_t i = 0; i < given.Length(); ++i) {
    auto link = Napi::Value(given.Get(i)).As<Napi::Object>();
    const auto number = [&](const char* name) { return link.Get(name).As<Napi::Number>().Uint32Value(); };
    const auto text = [&](const char* name) { return link.Get(name).As<Napi::String>().Utf8Value(); };
    auto mac = macs.Get(text("name"));
    found.push_back({static_cast<int>(number("index")),
                     {text("name"), static_cast<int>(number("master")), number("group"), number("mtu"),
                      link.Get("up").ToBoolean().Value(), number("settings"), text("address"), text("alias")},
                     mac.IsString() ? mac.As<Napi::String>().Utf8Value() : std::string()});
  }
  if (watch_->own->know(found) && !watch_->deaf) {
    uv_poll_stop(&watch_->poll);
    watch_->rest();
  }
  return info.Env().Undefined();
}

Napi::Value NewsWrap::mean(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const auto names = texts(info[0].As<Napi::Array>());
  Napi::Object numbers = Napi::Object::New(env);
  if (watch_ != nullptr && watch_->settings != nullptr) {
    if (auto failure = watch_->mean_settings(names)) throw_failure(env, kKernelNotHeard, *failure);
    return numbers;
  }
  if (watch_ == nullptr || watch_->links == nullptr) return numbers;
  for (const auto& [name, number] : watch_->links->mean(names)) numbers.Set(name, Napi::Number::New(env, number));
  return numbers;
}

void NewsWrap::end() {
  if (watch_ != nullptr) watch_->close();
}

void NewsWrap::Watch::heard(uv_poll_t* poll, int status, int) {
  auto* watch = static_cast<Watch*>(poll->data);
  std::set<std::string> told;
  auto failure = slipway::guarded([&]() -> Status {
    watch->deaf = !watch->news->read(told);
    return kOk;
  });
  if (watch->deaf || watch->news->rest() > 0) uv_poll_stop(poll);
  // libuv has stopped where the kernel had more to say than there was room for, as it does with any error.
  else if (status < 0) watch->listen();
  if (watch->news->rest() > 0) watch->rest();
  if (!failure) watch->tell(told);
}

// What has come meanwhile is read before what was the case is looked at again.
void NewsWrap::Watch::rested(uv_timer_t* timer) {
  auto* watch = static_cast<Watch*>(timer->data);
  std::set<std::string> told;
  bool more = false;
  auto failure = slipway::guarded([&]() -> Status {
    if (!watch->deaf) watch->deaf = !watch->news->read(told);
    more = watch->news->ripen(told);
    return kOk;
  });
  if (more) watch->rest();
  else if (!watch->deaf) watch->listen();
  if (!failure) watch->tell(told);
}

// Afterwards this object may have been closed.
void NewsWrap::tell(const std::set<std::string>& moved) {
  Napi::Env env = Env();
  Napi::HandleScope scope(env);
  Napi::Array names = Napi::Array::New(env);
  for (const auto& name : moved) names.Set(names.Length(), Napi::String::New(env, name));
  changed_.MakeCallback(env.Global(), {names});
  if (env.IsExceptionPending()) env.GetAndClearPendingException();
}

}  // namespace slipway::js
