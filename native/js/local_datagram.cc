#include "js/local_datagram.h"

#include "host/local_datagram.h"
#include "js/convert.h"

namespace slipway::js {

Napi::Value send_local(const Napi::CallbackInfo& info) {
  Status status =
      host::send_local_datagram(info[0].As<Napi::String>().Utf8Value(), info[1].As<Napi::String>().Utf8Value());
  return status ? write_failure(info.Env(), *status) : info.Env().Undefined();
}

}  // namespace slipway::js
