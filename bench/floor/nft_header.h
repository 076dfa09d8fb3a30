// What every message of nf_tables begins with, and the table that the elements are in.
#pragma once

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>

#include <cstdint>

namespace bench {

inline constexpr const char* kSlipwayTable = "slipway";  // lib/policy/sets.ts

inline void put_nft_header(nlmsghdr* message, uint8_t family, uint16_t resource = 0) {
  auto* header = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
  header->nfgen_family = family;
  header->version = NFNETLINK_V0;
  header->res_id = htons(resource);
}

}  // namespace bench
