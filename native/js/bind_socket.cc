#include "js/bind_socket.h"

#include <fcntl.h>

#include "host/port.h"
#include "js/convert.h"

namespace slipway::js {

Napi::Value bind_socket(const Napi::CallbackInfo& info) {
  UniqueFd socket;
  Status status = host::bind_port(info[0].As<Napi::String>().Utf8Value(), info[1].As<Napi::String>().Utf8Value(),
                                  static_cast<uint16_t>(info[2].As<Napi::Number>().Uint32Value()), socket);
  return write_descriptor(info.Env(), status, socket);
}

Napi::Value duplicate_socket(const Napi::CallbackInfo& info) {
  UniqueFd socket(fcntl(info[0].As<Napi::Number>().Int32Value(), F_DUPFD_CLOEXEC, 0));
  Status status = socket ? kOk : Status(Failure::last("fcntl"));
  return write_descriptor(info.Env(), status, socket);
}

}  // namespace slipway::js
