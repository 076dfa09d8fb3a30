// The class that JavaScript sees: new Datagrams(input, output, heard), add(fd), remove(number), send(number, count).
// It calls `heard` with the number of a socket and how many of the input's slots are filled (host/datagrams.h). Without
// buffers it reads nothing: it calls `heard` once when something has come to a socket, which may be one that listens.
//
// Thread: that of the environment, which may be a worker's; libuv watches the sockets. Lifetime: it keeps neither the
// thread nor itself alive. An environment that ends waits until libuv has let go of the sockets.
#pragma once

#include <napi.h>

#include <map>

#include "base/failure.h"

namespace slipway::js {

class DatagramsWrap : public Napi::ObjectWrap<DatagramsWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit DatagramsWrap(const Napi::CallbackInfo& info);
  ~DatagramsWrap() override { end(); }

 private:
  struct Socket;

  // What the standard library throws becomes an error in JavaScript.
  template <Napi::Value (DatagramsWrap::*method)(const Napi::CallbackInfo&)>
  Napi::Value guarded(const Napi::CallbackInfo& info);
  Napi::Value add(const Napi::CallbackInfo& info);
  Napi::Value send(const Napi::CallbackInfo& info);
  void remove(const Napi::CallbackInfo& info);
  void receive(Socket& socket);
  void end();

  Napi::Reference<Napi::Uint8Array> input_;
  Napi::Reference<Napi::Uint8Array> output_;
  Napi::FunctionReference heard_;
  std::map<uint32_t, Socket*> sockets_;  // libuv has them until they were closed, which may be after this object
  uint32_t last_ = 0;
};

}  // namespace slipway::js
