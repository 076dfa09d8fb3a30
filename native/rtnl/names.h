// How an encoder learns what the kernel calls a thing by number. The executor asks the kernel; the golden
// tests answer from a table.
#pragma once

#include <string>

#include "base/failure.h"

namespace slipway::rtnl {

class Names {
 public:
  virtual ~Names() = default;
  virtual Status link_index(const std::string& netns, const std::string& name, int& index) = 0;
  virtual Status netns_fd(const std::string& path, int& fd) = 0;
};

}  // namespace slipway::rtnl
