// Keys and data of sets and maps between nft's text ("tcp . 80") and the kernel's bytes.
//
// A concatenation is laid out in 4-byte words, each part padded at its end:
//
//   ifname . ether_addr . ipv4_addr         bytes
//   +----------------+--------+----+
//   | name, NUL pads | MAC,00 | ip |        16 + 8 + 4 = 28
//   +----------------+--------+----+
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::nft {

// A data type of nft's, with the number that userspace tools store beside a set to know how to print it
// (nftables: enum datatypes).
struct DataType {
  std::string_view name;
  uint32_t id;
  uint32_t length;
  bool host_order;
};

struct Type {
  std::vector<const DataType*> parts;
  uint32_t id() const;      // concatenations: 6 bits a part
  uint32_t length() const;  // a lone part is not padded
  bool host_order() const { return parts.size() == 1 && parts[0]->host_order; }
};

struct Value {
  static constexpr std::size_t kMaxBytes = 64;  // NFT_DATA_VALUE_MAXLEN
  std::array<uint8_t, kMaxBytes> bytes{};
  uint32_t length = 0;
};

const DataType* find_type(std::string_view name);
bool parse_type(std::string_view text, Type& type);
// The type of a number that tools have stored beside a set, or of data of a map; empty for one that we have no name
// for. (A plain number has the number of a conntrack zone, which is data and never a key.)
std::string name_of_type(uint32_t id, bool data);
bool parse_value(const Type& type, std::string_view text, Value& value);
// For interval sets: each part may be a prefix, a range or a point ("172.17.0.0/16 . 0-255 . 80").
bool parse_range(const Type& type, std::string_view text, Value& first, Value& last);
std::string format_value(const Type& type, const void* bytes, std::size_t length);
std::string format_range(const Type& type, const void* first, const void* last, std::size_t length);

// A number for a symbol of nft's in a single-part type: "dnat" of ct_status, "local" of fib_addrtype…
bool parse_symbol(const DataType& type, std::string_view text, uint32_t& number);

inline uint32_t padded(uint32_t length) { return (length + 3) / 4 * 4; }

}  // namespace slipway::nft
