// What a rule can look at: "iifname", "ip saddr", "ct status"… and the expression that loads it.
#pragma once

#include <string_view>

#include "nft/objects.h"
#include "nft/value.h"

namespace slipway::nft {

struct Selector {
  std::string_view name, type;
  const char* expression;         // libnftnl's name of it: "meta", "payload", "ct", "fib"
  uint32_t key;                   // meta and ct: which one; payload: offset; fib: flags
  uint32_t base;                  // payload: from which header
  uint32_t nfproto;               // the address family it is meaningful for in an inet table, 0: any
  bool in_pseudo_header = false;  // checksums of what the packet carries cover it
};

const Selector* find_selector(std::string_view name);

// Loads the first `length` bytes of what the selector names into registers, from 4-byte word `word` on.
Expression load(const Selector& selector, uint32_t word, uint32_t length);

// The kernel has 16 words of register; an aligned one goes by its old name (NFT_REG_1..4), as nft writes it.
uint32_t register_of(uint32_t word);

}  // namespace slipway::nft
