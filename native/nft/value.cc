#include "nft/value.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "rtnl/address_text.h"

namespace slipway::nft {
namespace {

constexpr DataType kTypes[] = {
    {"nf_proto", 2, 1, true},     {"ct_zone", 4, 2, true},        {"number", 4, 2, false},
    {"ipv4_addr", 7, 4, false},   {"ipv6_addr", 8, 16, false},    {"ether_addr", 9, 6, false},
    {"ether_type", 10, 2, false}, {"inet_proto", 12, 1, false},   {"inet_service", 13, 2, false},
    {"icmp_type", 14, 1, false},  {"tcp_flag", 15, 1, false},     {"iface_index", 20, 4, true},
    {"iface_type", 21, 2, true},  {"uid", 24, 4, true},           {"ct_state", 26, 4, true},
    {"ct_status", 28, 4, true},   {"icmpv6_type", 29, 1, false},  {"fib_addrtype", 34, 4, true},
    {"devgroup", 36, 4, true},    {"ifname", 41, IFNAMSIZ, true},
};

struct Symbol {
  std::string_view type, name;
  uint32_t number;
};

constexpr Symbol kSymbols[] = {
    {"inet_proto", "tcp", IPPROTO_TCP},
    {"inet_proto", "udp", IPPROTO_UDP},
    {"inet_proto", "sctp", IPPROTO_SCTP},
    {"inet_proto", "icmp", IPPROTO_ICMP},
    {"inet_proto", "ipv6-icmp", IPPROTO_ICMPV6},
    {"inet_proto", "ipv6-frag", IPPROTO_FRAGMENT},
    {"iface_type", "ether", ARPHRD_ETHER},
    {"nf_proto", "ipv4", NFPROTO_IPV4},
    {"nf_proto", "ipv6", NFPROTO_IPV6},
    {"icmp_type", "destination-unreachable", 3},
    {"icmp_type", "source-quench", 4},
    {"icmp_type", "redirect", 5},
    {"icmp_type", "time-exceeded", 11},
    {"icmp_type", "parameter-problem", 12},
    {"icmpv6_type", "nd-router-advert", 134},
    {"icmpv6_type", "nd-neighbor-solicit", 135},
    {"icmpv6_type", "nd-neighbor-advert", 136},
    {"icmpv6_type", "nd-redirect", 137},
    {"ether_type", "ip", 0x0800},
    {"ether_type", "arp", 0x0806},
    {"ether_type", "ip6", 0x86dd},
    {"tcp_flag", "rst", 4},
    // nf_conntrack_common.h: NF_CT_STATE_BIT and IP_CT_* bits
    {"ct_state", "invalid", 1},
    {"ct_state", "established", 2},
    {"ct_state", "related", 4},
    {"ct_state", "new", 8},
    {"ct_state", "untracked", 64},
    {"ct_status", "dnat", IPS_DST_NAT},
    {"ct_status", "snat", IPS_SRC_NAT},
    {"fib_addrtype", "unicast", RTN_UNICAST},
    {"fib_addrtype", "local", RTN_LOCAL},
    {"fib_addrtype", "broadcast", RTN_BROADCAST},
};

template <typename Each>
bool for_each_part(std::string_view text, const Each& each) {
  constexpr std::string_view kDot = " . ";
  for (;;) {
    auto end = text.find(kDot);
    if (!each(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + kDot.size());
  }
}

template <typename Number>
bool parse_number(std::string_view text, Number& number) {
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && stop == text.data() + text.size();
}

bool parse_part(const DataType& type, std::string_view text, uint8_t* out) {
  if (type.name == "ipv4_addr" || type.name == "ipv6_addr") {
    return inet_pton(type.length == 4 ? AF_INET : AF_INET6, std::string(text).c_str(), out) == 1;
  }
  if (type.name == "ifname") {
    if (text.empty() || text.size() >= IFNAMSIZ) return false;
    std::memcpy(out, text.data(), text.size());
    return true;
  }
  if (type.name == "ether_addr") {
    std::array<uint8_t, 6> mac{};
    if (!rtnl::parse_mac(text, mac)) return false;
    std::memcpy(out, mac.data(), mac.size());
    return true;
  }
  uint32_t number = 0;
  if (!parse_symbol(type, text, number)) return false;
  if (type.length == 1) {
    *out = static_cast<uint8_t>(number);
  } else if (type.length == 2) {
    auto wire = static_cast<uint16_t>(type.host_order ? number : htons(static_cast<uint16_t>(number)));
    std::memcpy(out, &wire, sizeof wire);
  } else {
    std::memcpy(out, &number, sizeof number);
  }
  return true;
}

std::string format_part(const DataType& type, const uint8_t* bytes) {
  if (type.name == "ipv4_addr") return rtnl::format_ip(AF_INET, bytes);
  if (type.name == "ipv6_addr") return rtnl::format_ip(AF_INET6, bytes);
  if (type.name == "ether_addr") return rtnl::format_mac(bytes);
  if (type.name == "ifname") {
    auto* text = reinterpret_cast<const char*>(bytes);
    return std::string(text, strnlen(text, IFNAMSIZ));
  }
  uint32_t number = 0;
  if (type.length == 1) {
    number = *bytes;
  } else if (type.length == 2 && !type.host_order) {
    number = static_cast<uint32_t>(bytes[0] << 8 | bytes[1]);
  } else {
    std::memcpy(&number, bytes, type.length);
  }
  for (const auto& symbol : kSymbols) {
    if (symbol.type == type.name && symbol.number == number) return std::string(symbol.name);
  }
  return std::to_string(number);
}

// Sets the bits behind the prefix.
void fill_host_bits(uint8_t* bytes, uint32_t length, uint8_t prefix) {
  for (uint32_t bit = prefix; bit < length * 8; ++bit) {
    bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] | 0x80u >> bit % 8);
  }
}

// "10.0.0.0/8", "0-255", or a point. "ipv6-icmp" is a point, and interfaces may have a dash in their names.
bool parse_part_range(const DataType& type, std::string_view text, uint8_t* first, uint8_t* last) {
  if (parse_part(type, text, first)) {
    std::memcpy(last, first, type.length);
    return true;
  }
  if (auto slash = text.find('/'); slash != std::string_view::npos) {
    uint8_t prefix = 0;
    if (!parse_part(type, text.substr(0, slash), first)) return false;
    if (!parse_number(text.substr(slash + 1), prefix) || prefix > type.length * 8) return false;
    std::memcpy(last, first, type.length);
    fill_host_bits(last, type.length, prefix);
    return true;
  }
  auto dash = text.find('-');
  return dash != std::string_view::npos && parse_part(type, text.substr(0, dash), first) &&
         parse_part(type, text.substr(dash + 1), last);
}

std::string format_part_range(const DataType& type, const uint8_t* first, const uint8_t* last) {
  std::string text = format_part(type, first);
  if (std::memcmp(first, last, type.length) == 0) return text;
  if (type.name != "ipv4_addr" && type.name != "ipv6_addr") return text + "-" + format_part(type, last);
  // The longest that fits: of 172.17.0.0-172.17.255.255, /15 would fill the same bits.
  for (uint32_t prefix = type.length * 8; prefix-- > 0;) {
    uint8_t filled[16];
    std::memcpy(filled, first, type.length);
    fill_host_bits(filled, type.length, static_cast<uint8_t>(prefix));
    if (std::memcmp(filled, last, type.length) == 0) return text + "/" + std::to_string(prefix);
  }
  return text + "-" + format_part(type, last);
}

}  // namespace

uint32_t Type::id() const {
  uint32_t id = 0;
  for (const auto* part : parts) id = id << 6 | part->id;
  return id;
}

uint32_t Type::length() const {
  if (parts.size() == 1) return parts[0]->length;
  uint32_t length = 0;
  for (const auto* part : parts) length += padded(part->length);
  return length;
}

const DataType* find_type(std::string_view name) {
  auto found =
      std::find_if(std::begin(kTypes), std::end(kTypes), [&](const DataType& type) { return type.name == name; });
  return found == std::end(kTypes) ? nullptr : found;
}

bool parse_type(std::string_view text, Type& type) {
  type.parts.clear();
  bool known = for_each_part(text, [&](std::string_view name) {
    const DataType* part = find_type(name);
    if (part != nullptr) type.parts.push_back(part);
    return part != nullptr;
  });
  return known && type.length() <= Value::kMaxBytes;
}

std::string name_of_type(uint32_t id, bool data) {
  constexpr uint32_t kBits = 6;
  constexpr uint32_t kMask = (1 << kBits) - 1;
  std::string text;
  for (; id != 0; id >>= kBits) {
    const DataType* found = nullptr;
    for (const auto& type : kTypes) {
      if (type.id != (id & kMask)) continue;
      if (found == nullptr || type.name == (data ? "ct_zone" : "number")) found = &type;
    }
    if (found == nullptr) return {};
    std::string name(found->name);
    if (!text.empty()) name.append(" . ").append(text);
    text = std::move(name);
  }
  return text;
}

bool parse_symbol(const DataType& type, std::string_view text, uint32_t& number) {
  for (const auto& symbol : kSymbols) {
    if (symbol.type == type.name && symbol.name == text) {
      number = symbol.number;
      return true;
    }
  }
  uint32_t limit = type.length == 1 ? 0xff : type.length == 2 ? 0xffff : 0xffffffff;
  return parse_number(text, number) && number <= limit;
}

bool parse_range(const Type& type, std::string_view text, Value& first, Value& last) {
  first = Value{};
  last = Value{};
  std::size_t index = 0;
  uint32_t offset = 0;
  bool good = for_each_part(text, [&](std::string_view part) {
    if (index == type.parts.size()) return false;
    const DataType& kind = *type.parts[index++];
    if (!parse_part_range(kind, part, first.bytes.data() + offset, last.bytes.data() + offset)) return false;
    offset += type.parts.size() == 1 ? kind.length : padded(kind.length);
    return true;
  });
  first.length = last.length = offset;
  return good && index == type.parts.size();
}

bool parse_value(const Type& type, std::string_view text, Value& value) {
  Value last;
  return parse_range(type, text, value, last) && value.bytes == last.bytes;
}

std::string format_value(const Type& type, const void* bytes, std::size_t length) {
  return format_range(type, bytes, bytes, length);
}

std::string format_range(const Type& type, const void* first, const void* last, std::size_t length) {
  if (length < type.length()) return {};
  auto* from = static_cast<const uint8_t*>(first);
  auto* to = static_cast<const uint8_t*>(last);
  std::string text;
  for (const auto* part : type.parts) {
    if (!text.empty()) text += " . ";
    text += format_part_range(*part, from, to);
    from += padded(part->length);
    to += padded(part->length);
  }
  return text;
}

}  // namespace slipway::nft
