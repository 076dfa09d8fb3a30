// A nested attribute, closed with its scope.
#pragma once

#include <libmnl/libmnl.h>

#include <cstdint>

namespace bench {

class Nest {
 public:
  Nest(nlmsghdr* message, int type)
      : message_(message), nest_(mnl_attr_nest_start(message, static_cast<uint16_t>(type))) {}
  Nest(const Nest&) = delete;
  ~Nest() { mnl_attr_nest_end(message_, nest_); }

 private:
  nlmsghdr* message_;
  nlattr* nest_;
};

}  // namespace bench
