#include "rtnl/address_text.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstdio>

namespace slipway::rtnl {

bool parse_ip(const std::string& text, IpAddress& address) {
  bool v6 = text.find(':') != std::string::npos;
  address.family = v6 ? AF_INET6 : AF_INET;
  address.length = v6 ? 16 : 4;
  return inet_pton(address.family, text.c_str(), address.bytes.data()) == 1;
}

bool parse_cidr(const std::string& text, IpAddress& address, uint8_t& prefix) {
  auto slash = text.find('/');
  if (!parse_ip(text.substr(0, slash), address)) return false;
  prefix = static_cast<uint8_t>(address.length * 8);
  if (slash == std::string::npos) return true;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data() + slash + 1, end, prefix);
  return error == std::errc() && stop == end && prefix <= address.length * 8;
}

bool parse_mac(std::string_view text, std::array<uint8_t, 6>& mac) {
  if (text.size() != 17) return false;
  for (std::size_t i = 0; i < 6; ++i) {
    const char* digits = text.data() + i * 3;
    auto [stop, error] = std::from_chars(digits, digits + 2, mac[i], 16);
    if (error != std::errc() || stop != digits + 2) return false;
    if (i < 5 && digits[2] != ':') return false;
  }
  return true;
}

std::string format_ip(int family, const void* bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(family, bytes, text, sizeof text);
  return text;
}

std::string format_mac(const uint8_t* bytes) {
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
                bytes[5]);
  return text;
}

}  // namespace slipway::rtnl
