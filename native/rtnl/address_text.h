// Addresses between text and bytes. JavaScript has validated them; a text that does not parse is a bug
// there, answered with EINVAL and not with a crash.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace slipway::rtnl {

struct IpAddress {
  uint8_t family = 0;               // AF_INET or AF_INET6
  uint8_t length = 0;               // 4 or 16
  std::array<uint8_t, 16> bytes{};  // of which the first `length` count; the others are 0

  auto operator<=>(const IpAddress&) const = default;
};

bool parse_ip(const std::string& text, IpAddress& address);
// "172.17.0.0/16", or a bare address with its full length as prefix.
bool parse_cidr(const std::string& text, IpAddress& address, uint8_t& prefix);
bool parse_mac(std::string_view text, std::array<uint8_t, 6>& mac);
std::string format_ip(int family, const void* bytes);
std::string format_mac(const uint8_t* bytes);

}  // namespace slipway::rtnl
