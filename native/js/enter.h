// enter(path, function): the calling thread inside a namespace for one synchronous call.
#pragma once

#include <napi.h>

namespace slipway::js {

Napi::Value enter(const Napi::CallbackInfo& info);

}  // namespace slipway::js
