#include "js/datagrams_wrap.h"

#include <sys/socket.h>
#include <uv.h>

#include <memory>

#include "base/guard.h"
#include "base/unique_fd.h"
#include "host/datagrams.h"
#include "js/convert.h"

namespace slipway::js {
namespace {

constexpr const char* kDatagramsNotHeard = "datagrams could not be listened to";

}  // namespace

struct DatagramsWrap::Socket {
  uv_poll_t poll{};
  UniqueFd fd;
  uint32_t number = 0;
  DatagramsWrap* owner = nullptr;  // null once nobody listens
  napi_async_cleanup_hook_handle hook = nullptr;

  static void readable(uv_poll_t* poll, int status, int);
  static void end_with_environment(napi_async_cleanup_hook_handle, void* socket) {
    static_cast<Socket*>(socket)->close();
  }
  void close() {
    if (owner != nullptr) owner->sockets_.erase(number);
    owner = nullptr;
    auto* handle = reinterpret_cast<uv_handle_t*>(&poll);
    if (uv_is_closing(handle) == 0) uv_close(handle, closed);
    // libuv looks at it no more, and its port is free from here on.
    fd.reset();
  }
  static void closed(uv_handle_t* handle) {
    auto* socket = static_cast<Socket*>(handle->data);
    napi_remove_async_cleanup_hook(socket->hook);
    delete socket;
  }
};

Napi::Function DatagramsWrap::define(Napi::Env env) {
  return DefineClass(env, "Datagrams",
                     {
                         InstanceMethod<&DatagramsWrap::guarded<&DatagramsWrap::add>>("add"),
                         InstanceMethod<&DatagramsWrap::guarded<&DatagramsWrap::send>>("send"),
                         InstanceMethod<&DatagramsWrap::remove>("remove"),
                     });
}

template <Napi::Value (DatagramsWrap::*method)(const Napi::CallbackInfo&)>
Napi::Value DatagramsWrap::guarded(const Napi::CallbackInfo& info) {
  try {
    return (this->*method)(info);
  } catch (...) { return throw_failure(info.Env(), kDatagramsNotHeard, thrown()); }
}

DatagramsWrap::DatagramsWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<DatagramsWrap>(info) {
  heard_ = Napi::Persistent(info[2].As<Napi::Function>());
  if (info[0].IsUndefined()) return;
  auto input = info[0].As<Napi::Uint8Array>();
  auto output = info[1].As<Napi::Uint8Array>();
  if (input.ByteLength() < host::kSlotsSize || output.ByteLength() < host::kSlotsSize) {
    throw_failure(info.Env(), kDatagramsNotHeard, Failure::of(EINVAL, "buffer"));
    return;
  }
  input_ = Napi::Persistent(input);
  output_ = Napi::Persistent(output);
}

// The descriptor is ours, also where it is refused.
Napi::Value DatagramsWrap::add(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto socket = std::make_unique<Socket>();
  socket->fd.reset(info[0].As<Napi::Number>().Int32Value());
  socket->number = ++last_;
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok)
    return throw_failure(env, kDatagramsNotHeard, Failure::of(ECANCELED, "uv_poll_init"));
  if (int error = uv_poll_init(loop, &socket->poll, socket->fd.get()))
    return throw_failure(env, kDatagramsNotHeard, Failure::of(-error, "uv_poll_init"));
  // From here on it is libuv's.
  Socket* watched = socket.release();
  watched->poll.data = watched;
  napi_add_async_cleanup_hook(env, Socket::end_with_environment, watched, &watched->hook);
  uv_unref(reinterpret_cast<uv_handle_t*>(&watched->poll));
  watched->owner = this;
  sockets_[watched->number] = watched;
  if (int error = uv_poll_start(&watched->poll, UV_READABLE, Socket::readable)) {
    watched->close();
    return throw_failure(env, kDatagramsNotHeard, Failure::of(-error, "uv_poll_start"));
  }
  return Napi::Number::New(env, watched->number);
}

Napi::Value DatagramsWrap::send(const Napi::CallbackInfo& info) {
  auto found = sockets_.find(info[0].As<Napi::Number>().Uint32Value());
  std::size_t sent = 0;
  if (found != sockets_.end() && !output_.IsEmpty())
    sent =
        host::send_datagrams(found->second->fd.get(), output_.Value().Data(), info[1].As<Napi::Number>().Uint32Value());
  return Napi::Number::New(info.Env(), static_cast<double>(sent));
}

void DatagramsWrap::remove(const Napi::CallbackInfo& info) {
  auto found = sockets_.find(info[0].As<Napi::Number>().Uint32Value());
  if (found != sockets_.end()) found->second->close();
}

void DatagramsWrap::end() {
  while (!sockets_.empty()) sockets_.begin()->second->close();
}

void DatagramsWrap::Socket::readable(uv_poll_t* poll, int status, int) {
  auto* socket = static_cast<Socket*>(poll->data);
  if (status < 0) {
    // libuv stops at an error of the socket, which asking for it takes away.
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(socket->fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    uv_poll_start(poll, UV_READABLE, readable);
    return;
  }
  if (socket->owner != nullptr) socket->owner->receive(*socket);
}

// Afterwards the socket, and this object, may have been closed.
void DatagramsWrap::receive(Socket& socket) {
  Napi::Env env = Env();
  Napi::HandleScope scope(env);
  std::size_t count = 0;
  if (input_.IsEmpty()) {
    uv_poll_stop(&socket.poll);
  } else if (count = host::receive_datagrams(socket.fd.get(), input_.Value().Data()); count == 0) {
    return;
  }
  heard_.MakeCallback(env.Global(),
                      {Napi::Number::New(env, socket.number), Napi::Number::New(env, static_cast<double>(count))});
  // As an exception in any other callback of the event loop.
  if (env.IsExceptionPending()) napi_fatal_exception(env, env.GetAndClearPendingException().Value());
}

}  // namespace slipway::js
