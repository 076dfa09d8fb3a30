// Owners for libnftnl's objects, and the few things that every nf_tables message needs.
#pragma once

#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/failure.h"
#include "netlink/batch.h"

namespace slipway::nft {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const { Free(object); }
};
template <typename T, auto Free>
using Owned = std::unique_ptr<T, FreeWith<Free>>;

using Table = Owned<nftnl_table, nftnl_table_free>;
using Chain = Owned<nftnl_chain, nftnl_chain_free>;
using Rule = Owned<nftnl_rule, nftnl_rule_free>;
using Set = Owned<nftnl_set, nftnl_set_free>;
using Expression = Owned<nftnl_expr, nftnl_expr_free>;
using UserData = Owned<nftnl_udata_buf, nftnl_udata_buf_free>;

// "inet" → NFPROTO_INET; 0 for a family we do not use.
uint8_t family_number(const std::string& family);

// User data holding one comment, as nft stores it.
UserData comment_data(uint8_t type, const std::string& comment);
// The comment in user data, empty when it holds none.
std::string read_comment(uint8_t type, const void* data, uint32_t length);

// Starts a message of nf_tables in the batch; fill it, then commit().
nlmsghdr* begin(netlink::Batch& batch, netlink::Origin origin, uint16_t message, uint8_t family, uint16_t flags);

}  // namespace slipway::nft
