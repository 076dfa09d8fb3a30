// A question to rtnetlink, which is short.
#pragma once

#include <linux/netlink.h>

#include <cstdint>

#include "netlink/message.h"

namespace slipway::rtnl {

struct Question {
  alignas(nlmsghdr) char room[512];
  netlink::Message message;

  Question(const char* operation, uint16_t type, uint16_t flags) : message(room, sizeof room, operation, type, flags) {}
};

}  // namespace slipway::rtnl
