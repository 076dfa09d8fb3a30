// Reading and writing descriptors to the end, with bounds.
#pragma once

#include <string_view>

#include "cni/bytes.h"
#include "cni/deadline.h"

namespace slipway::cni {

// So much is read at a time.
constexpr size_t kPart = 64 << 10;

// Reads to the end. 0, or errno: ETIMEDOUT where it does not come, EMSGSIZE where it is longer than `most`.
int read_all(int fd, Bytes& into, size_t most, const Deadline& deadline);

// 0, or errno.
int write_all(int fd, std::string_view text);

}  // namespace slipway::cni
