#include "js/bind_socket.h"

#include <fcntl.h>

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

Napi::Value duplicate_socket(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int fd = fcntl(info[0].As<Napi::Number>().Int32Value(), F_DUPFD_CLOEXEC, 0);
  Napi::Object result = Napi::Object::New(env);
  if (fd < 0) {
    result.Set("failure", write_failure(env, Failure::last("fcntl")));
  } else {
    result.Set("fd", fd);
  }
  return result;
}

}  // namespace slipway::js
