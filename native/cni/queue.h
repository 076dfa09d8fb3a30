// What nobody can do at this moment is put aside, a file each: the next process that has the host open does it.
#pragma once

#include <string_view>

#include "cni/options.h"

namespace slipway::cni {

// 0, or errno.
int put_aside(const Options& options, std::string_view request);

}  // namespace slipway::cni
