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
  // Number of a link that the plan at hand has made or asked for; 0 when it has not. A message goes by it then, as
  // another process may have given the name to a link of its own.
  virtual int known_index(const std::string&, const std::string&) const { return 0; }
  virtual Status netns_fd(const std::string& path, int& fd) = 0;
};

}  // namespace slipway::rtnl
