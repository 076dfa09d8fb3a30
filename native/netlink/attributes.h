// Walking attributes. libmnl's own macros rely on C's conversion from void*.
#pragma once

#include <libmnl/libmnl.h>

#include <string>

namespace slipway::netlink {

// Attributes of a message behind a header of `offset` bytes.
template <typename Each>
void for_each_attribute(const nlmsghdr* message, std::size_t offset, const Each& each) {
  auto* attribute = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(message, offset));
  auto* end = static_cast<const char*>(mnl_nlmsg_get_payload_tail(message));
  for (; mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)));
       attribute = mnl_attr_next(attribute)) {
    each(attribute);
  }
}

template <typename Each>
void for_each_nested(const nlattr* nest, const Each& each) {
  auto* attribute = static_cast<const nlattr*>(mnl_attr_get_payload(nest));
  auto* end = static_cast<const char*>(mnl_attr_get_payload(nest)) + mnl_attr_get_payload_len(nest);
  for (; mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)));
       attribute = mnl_attr_next(attribute)) {
    each(attribute);
  }
}

// A string attribute, with or without its NUL.
inline std::string text_of(const nlattr* attribute) {
  std::string text(mnl_attr_get_str(attribute), mnl_attr_get_payload_len(attribute));
  return text.substr(0, text.find('\0'));
}

}  // namespace slipway::netlink
