// The command `slipway cni`, which does in a process of its own what the resident one would do.
#pragma once

#include <string_view>

#include "cni/bytes.h"
#include "cni/options.h"

namespace slipway::cni {

// Becomes the command, which reads `input`. Returns only where that cannot be: an errno.
int become_command(const Options& options, std::string_view input);

// Becomes the command `slipway` itself, as it was typed. Returns only where that cannot be: an errno.
int become_typed(char** arguments);

// Runs it. Its exit status with what it has printed, or -1 where it could not be run, or did not come to an end.
int run_command(const Options& options, std::string_view input, Bytes& printed);

}  // namespace slipway::cni
