// What the program says itself, for a runtime to read.
#pragma once

#include <string_view>

namespace slipway::cni {

// Codes of CNI's specification.
enum Code { kEnvironment = 4, kIo = 5, kTryAgain = 11, kNotAvailable = 50 };

// Prints an error, and returns the exit status. `reason` is an errno, or 0. `config` is what was on stdin: errors are
// in its version.
int refuse(Code code, std::string_view message, int reason, std::string_view config);

int print_versions(std::string_view config);

}  // namespace slipway::cni
