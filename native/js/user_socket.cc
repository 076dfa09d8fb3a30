#include "js/user_socket.h"

#include "host/user_socket.h"
#include "js/convert.h"

namespace slipway::js {

Napi::Value open_socket(const Napi::CallbackInfo& info) {
  auto given = info[0].As<Napi::Object>();
  host::UserSocket wanted;
  wanted.udp = read_flag(given, "udp").value_or(false);
  wanted.ipv6 = read_flag(given, "ipv6").value_or(false);
  wanted.ipv6_only = read_flag(given, "ipv6Only").value_or(false);
  wanted.address = read_string(given, "address");
  wanted.port = static_cast<uint16_t>(read_number(given, "port").value_or(0));
  wanted.reuse_address = read_flag(given, "reuseAddress").value_or(false);
  if (auto backlog = read_number(given, "backlog")) wanted.backlog = static_cast<int>(*backlog);
  UniqueFd socket;
  Status status = host::open_user_socket(wanted, socket);
  return write_descriptor(info.Env(), status, socket);
}

Napi::Value refuse_reuse(const Napi::CallbackInfo& info) {
  Status status = host::refuse_reuse(info[0].As<Napi::Number>().Int32Value());
  return status ? write_failure(info.Env(), *status) : info.Env().Undefined();
}

Napi::Value source_for(const Napi::CallbackInfo& info) {
  std::string source;
  Status status = host::source_for(info[0].As<Napi::String>().Utf8Value(), source);
  return status ? info.Env().Undefined() : Napi::String::New(info.Env(), source);
}

}  // namespace slipway::js
