// The class that JavaScript sees: new News(executor, changed, about), mean(names), know(links, macs), close(). It calls
// `changed` with a list of texts whenever there is something to tell. What it is about, and what the texts are:
//
//   { about: 'links' }       names of the links of mean() that have come or gone (rtnl/link_news.h)
//   { about: 'forwarding' }  what has become of the host's forwarding (rtnl/forwarding_news.h)
//   { about: 'own links', bridges, segments, ports, leaving, rules }  links that are ours and not whole any more
//                            (rtnl/own_links.h)
//   { about: 'settings', names }  links of mean() that others have written settings of (host/setting_news.h)
//   { about: 'ruleset', table, kept }                what others do to it (nft/ruleset_news.h)
//   { about: 'firewalls' }                          that chains or rules have changed (nft/rule_news.h)
//   { about: 'removed files', folders }              files that are deleted in folders (host/removed_files.h)
//   { about: 'unbound names' }                       that something was unmounted (netns/unbound_names.h)
//
// Thread: JavaScript's; libuv watches the socket, so no thread waits for it and idle it costs nothing. Lifetime: it
// keeps neither the process nor itself alive. An environment that ends waits until libuv has let go of the socket.
#pragma once

#include <napi.h>

#include <set>
#include <string>

#include "base/failure.h"

namespace slipway::js {

class NewsWrap : public Napi::ObjectWrap<NewsWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit NewsWrap(const Napi::CallbackInfo& info);
  ~NewsWrap() override { end(); }

 private:
  struct Watch;

  // What the standard library throws becomes an error in JavaScript.
  template <Napi::Value (NewsWrap::*method)(const Napi::CallbackInfo&)>
  Napi::Value guarded(const Napi::CallbackInfo& info);
  Status open(const Napi::CallbackInfo& info);
  Status make(const Napi::Object& about, const class ExecutorWrap& executor, Watch& watch);
  Napi::Value mean(const Napi::CallbackInfo& info);
  Napi::Value know(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo&) { end(); }
  void end();
  void tell(const std::set<std::string>& moved);

  Watch* watch_ = nullptr;  // libuv has it until it was closed, which may be after this object
  Napi::FunctionReference changed_;
};

}  // namespace slipway::js
