// What is typed: which host is meant, where its server listens, and what is run where there is none.
#pragma once

namespace slipway::cni {

struct Options {
  const char* socket = "/run/slipway/slipway.sock";
  const char* state_dir = nullptr;
  // Path of the host's network namespace.
  const char* netns = nullptr;
  // The command `slipway`, ended by a null pointer. Where it is left out, it is looked for.
  char** command = nullptr;
};

// What is wrong, or a null pointer.
const char* read_options(char** arguments, Options& options);

}  // namespace slipway::cni
