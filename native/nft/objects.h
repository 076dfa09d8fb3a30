// Owners for libnftnl's objects, and the few things that every nf_tables message needs.
#pragma once

#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "base/failure.h"
#include "netlink/answer.h"
#include "netlink/batch.h"

namespace slipway::nft {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <typename T, auto Free>
using Owned = std::unique_ptr<T, FreeWith<Free>>;

using Table = Owned<nftnl_table, nftnl_table_free>;
using Chain = Owned<nftnl_chain, nftnl_chain_free>;
using Rule = Owned<nftnl_rule, nftnl_rule_free>;
using Set = Owned<nftnl_set, nftnl_set_free>;
using Expression = Owned<nftnl_expr, nftnl_expr_free>;

// For what libnftnl gives, and what it takes: without memory it gives null, or leaves out what it was to write. A
// message without a name is for all of its kind, to the kernel.
template <typename T>
T* must(T* object) {
  if (object == nullptr) throw std::bad_alloc();
  return object;
}
inline void must(int status) {
  if (status < 0) throw std::bad_alloc();
}

// "inet" → NFPROTO_INET; NFPROTO_UNSPEC for a family we do not use, which nothing is encoded for: the kernel takes it
// for all of them.
uint8_t family_number(const std::string& family);

// User data as nft stores it: type, length, value, one after the other.
class UserData {
 public:
  // False when it does not fit.
  bool put(uint8_t type, const void* value, std::size_t length);
  const uint8_t* data() const { return bytes_.data(); }
  uint32_t size() const { return size_; }

 private:
  std::array<uint8_t, NFT_USERDATA_MAXLEN> bytes_;
  uint32_t size_ = 0;
};

// Adds a comment. It fails where there is no room, as it would be cut off elsewhere.
Status put_comment(const char* operation, UserData& data, uint8_t type, const std::string& comment);
// The comment in user data, empty when it holds none. Any process may have written it.
std::string read_comment(uint8_t type, std::string_view data);

// A counter that begins with these.
Expression make_counter(uint64_t packets, uint64_t bytes);
// Whether an expression is a counter; then what it has counted.
bool read_counter(const netlink::Attribute& expression, uint64_t& packets, uint64_t& bytes);

// libnftnl writes without looking at the room it has, and ends the process when it reads a length that it does not
// expect: what the kernel answers is read without it (netlink/answer.h). So what it is given is measured before: names
// by this, and numbers of things by who adds them.
Status check_names(const char* operation, const std::string& family, std::initializer_list<const std::string*> names);

// Starts a message of nf_tables in the batch; fill it, then commit_reserved().
nlmsghdr* begin(netlink::Batch& batch, netlink::Origin origin, uint16_t message, uint8_t family, uint16_t flags,
                std::size_t room = netlink::Batch::kMessageRoom);

}  // namespace slipway::nft
