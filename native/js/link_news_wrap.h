// The class that JavaScript sees: new LinkNews(executor, changed, forwarding), mean(names), close(). It calls `changed`
// with the names of links that have come or gone in the executor's namespace; or, asked for `forwarding`, with what has
// become of that (rtnl/forwarding_news.h).
//
// Thread: JavaScript's; libuv watches the socket, so no thread waits for it and idle it costs nothing. Lifetime: it
// keeps neither the process nor itself alive. An environment that ends waits until libuv has let go of the socket.
#pragma once

#include <napi.h>

#include <set>
#include <string>

#include "base/failure.h"

namespace slipway::js {

class LinkNewsWrap : public Napi::ObjectWrap<LinkNewsWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit LinkNewsWrap(const Napi::CallbackInfo& info);
  ~LinkNewsWrap() override { end(); }

 private:
  struct Watch;

  // What the standard library throws becomes an error in JavaScript.
  template <Napi::Value (LinkNewsWrap::*method)(const Napi::CallbackInfo&)>
  Napi::Value guarded(const Napi::CallbackInfo& info);
  Status open(const Napi::CallbackInfo& info);
  Napi::Value mean(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo&) { end(); }
  void end();
  void tell(const std::set<std::string>& moved);

  Watch* watch_ = nullptr;  // libuv has it until it was closed, which may be after this object
  Napi::FunctionReference changed_;
};

}  // namespace slipway::js
