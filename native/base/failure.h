// What went wrong, as data. JavaScript builds the error from it; nobody parses text.
#pragma once

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace slipway {

struct Failure {
  int errnum = 0;
  const char* syscall = "";  // a literal: "sendmsg", "mount", "setns"…
  std::string message;       // the kernel's extended ack, empty when it sent none
  uint32_t offset = 0;       // where in the request the kernel objects (NLMSGERR_ATTR_OFFS), 0 when unsaid

  static Failure last(const char* syscall) { return Failure{errno, syscall, {}, 0}; }
  static Failure of(int errnum, const char* syscall, std::string message = {}) {
    return Failure{errnum, syscall, std::move(message), 0};
  }
};

// Nothing means success.
using Status = std::optional<Failure>;
inline constexpr std::nullopt_t kOk = std::nullopt;

}  // namespace slipway
