// The resident process: one request over HTTP at its socket.
#pragma once

#include <string_view>

#include "cni/bytes.h"

namespace slipway::cni {

enum class Asked {
  kDone,
  kRefused,
  // It ends, or is too busy.
  kBusy,
  // It leaves it to this process, or speaks of no such thing: an older one.
  kLeft,
  // Nobody is there, and nothing was asked for.
  kAbsent,
  // It has the request, and does not answer: it may have done it.
  kSilent,
};

struct ServerAnswer {
  Asked asked;
  // For the runtime.
  std::string_view text;
};

// `answer` holds what is returned.
ServerAnswer ask_server(const char* socket, std::string_view request, Bytes& answer);

}  // namespace slipway::cni
