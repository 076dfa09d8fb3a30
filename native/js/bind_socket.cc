#include "js/bind_socket.h"

#include "host/port.h"
#include "js/convert.h"

namespace slipway::js {

Napi::Value bind_socket(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  UniqueFd socket;
  Status status = host::bind_port(info[0].As<Napi::String>().Utf8Value(), info[1].As<Napi::String>().Utf8Value(),
                                  static_cast<uint16_t>(info[2].As<Napi::Number>().Uint32Value()), socket);
  Napi::Object result = Napi::Object::New(env);
  if (status) {
    result.Set("failure", write_failure(env, *status));
  } else {
    result.Set("fd", socket.release());
  }
  return result;
}

}  // namespace slipway::js
