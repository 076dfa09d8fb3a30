// The resident process: one request over HTTP at its socket. What it answers in another form than that which is asked
// for is left to this process.
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
  // Its body.
  std::string_view text;
};

struct Question {
  std::string_view path;
  // The media type of the answer.
  std::string_view type;
  std::string_view body;
};

// `answer` holds what is returned.
ServerAnswer ask_server(const char* socket, const Question& question, Bytes& answer);

}  // namespace slipway::cni
