// enter(path, function, namespace, not, hostname): the calling thread inside a namespace for one synchronous call. With
// a hostname, what the function starts is called that (UTS namespace).
#pragma once

#include <napi.h>

namespace slipway::js {

Napi::Value enter(const Napi::CallbackInfo& info);

}  // namespace slipway::js
