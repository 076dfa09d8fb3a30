// The operations that a plan is made of, in the kernel's words. lib/plan/traits.ts has the same list for JavaScript,
// and test/unit/operations.test.ts compares the two. Each is told once: what it is called, how it goes to the kernel,
// and its fields in the order in which JavaScript writes them. All else follows from that (js/read_plan.cc), or does
// not compile without it (executor/encode.cc, executor/perform.cc, plan/inverse.cc).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

namespace slipway {

// Which way an operation goes to the kernel: as a message of rtnetlink, in a transaction of nf_tables, or by system
// calls.
enum class Channel { kRtnl, kNft, kDirect };
// Whether a thread that stays in its own namespace and must not wait (JavaScript's) may do it.
enum class OnCallerThread { kNo, kYes, kOfSpare };  // kOfSpare: where the namespace is a spare one

struct Traits {
  std::string_view name;
  Channel channel;
  OnCallerThread on_caller_thread = OnCallerThread::kNo;
};

// The fields that JavaScript writes, in its order: first what is one text, number or flag, then what has fields of its
// own. Other fields are of C++ alone. (A macro, as nothing else knows the names of fields.)
#define SLIPWAY_FIELDS(...)                                     \
  static constexpr std::string_view kFieldNames = #__VA_ARGS__; \
  auto fields() { return std::tie(__VA_ARGS__); }               \
  auto fields() const { return std::tie(__VA_ARGS__); }

// An empty `netns` is the host's namespace, any other the path of a bind-mounted one, or the name of a spare one
// (netns/spares.h). `records`: the folder that the record of a spare one's sandbox will be in. What its claims will
// take besides is made ahead, too.
struct NetnsCreate {
  static constexpr Traits kTraits{"netns.create", Channel::kDirect};
  std::string path, records;
  SLIPWAY_FIELDS(path, records)
};
// A further name for a namespace that is there: it lives until the last is deleted.
struct NetnsBind {
  static constexpr Traits kTraits{"netns.bind", Channel::kDirect, OnCallerThread::kOfSpare};
  std::string path, from;
  const std::string& spare() const { return from; }
  SLIPWAY_FIELDS(path, from)
};
// A namespace itself, whatever its path (netns/netns.h). Cookie 0: not known.
struct Namespace {
  uint64_t device = 0, inode = 0, cookie = 0;
  SLIPWAY_FIELDS(device, inode, cookie)
};
// With a namespace, the name of another is left alone.
struct NetnsDelete {
  static constexpr Traits kTraits{"netns.delete", Channel::kDirect, OnCallerThread::kOfSpare};
  std::string path;
  std::optional<Namespace> namespace_;
  const std::string& spare() const { return path; }
  SLIPWAY_FIELDS(path, namespace_)
};
// Says which namespace a path leads to: to all of the plan, whatever is there instead is refused with ESTALE.
// `optional`: that the path leads elsewhere is no refusal of this operation itself.
struct NetnsCheck {
  static constexpr Traits kTraits{"netns.check", Channel::kDirect, OnCallerThread::kYes};
  std::string path;
  std::optional<Namespace> namespace_;
  bool optional = false;
  SLIPWAY_FIELDS(path, optional, namespace_)
};

struct VethPeer {
  std::string netns, name, address;
  SLIPWAY_FIELDS(netns, name, address)
};
// Born in `netns` under its own name, never moved (a move costs 16 ms).
struct LinkCreate {
  static constexpr Traits kTraits{"link.create", Channel::kRtnl};
  std::string netns, name, kind, address, master;
  std::optional<uint32_t> mtu, group, queues;
  // Kinds "macvlan", "ipvlan" and "vlan" only: `link` is the parent, a link of the host's wherever the new one is born.
  // The message is sent in the host's namespace, and the kernel's echo of it goes to the new link's.
  std::string link, mode, flag;
  std::optional<uint16_t> id;
  bool loose_binding = false;    // kind "vlan" only: it may be up while its parent is down
  std::optional<VethPeer> peer;  // kind "veth" only
  // Kind "bridge" only. Left out, the kernel's default: on.
  std::optional<bool> multicast_snooping, link_local_learning;
  SLIPWAY_FIELDS(netns, name, kind, address, master, mtu, group, queues, link, mode, flag, id, loose_binding,
                 multicast_snooping, link_local_learning, peer)
};
// `index`, not 0: only the link of this number, whatever it is called by now. One that was taken down so goes up again
// where the plan is refused.
struct LinkSet {
  static constexpr Traits kTraits{"link.set", Channel::kRtnl};
  std::string netns, name;
  int index = 0;
  std::optional<bool> up, hairpin, isolated, route_localnet, forwarding;
  std::optional<uint32_t> mtu, group;
  std::optional<std::string> alias;
  std::string master;            // the bridge that the link becomes a port of
  bool no_ipv6_address = false;  // addrgenmode none, before the link goes up
  std::optional<bool> ipv6;      // disable_ipv6 before the link goes up: false writes 1, true writes 0
  // Of a bridge port: whether it is sent what is for an address that nobody is known to have.
  std::optional<bool> flood;
  // Bits of link-local group addresses (01:80:c2:00:00:0X) whose frames the port takes for ordinary ones.
  std::optional<uint32_t> group_forward_mask;
  // Of IPv4 (ip-sysctl): whether a sender has to be reachable by this link, and which ARP requests are not answered;
  // `forwarding`: whether what comes in by it is passed on.
  std::optional<uint32_t> rp_filter, arp_ignore;
  std::string address;  // MAC address
  // Of a bridge port: all else that decides what passes it, as a new one has it; and that it forwards.
  bool plain_port = false, forwards = false;
  // Of a bridge. Left out, it stays as it is.
  std::optional<bool> multicast_snooping, link_local_learning, stp, vlan_filtering;
  SLIPWAY_FIELDS(netns, name, index, address, alias, no_ipv6_address, ipv6, mtu, group, master, hairpin, isolated,
                 flood, group_forward_mask, plain_port, forwards, multicast_snooping, link_local_learning, stp,
                 vlan_filtering, route_localnet, forwarding, rp_filter, arp_ignore, up)
};
// The link of this number gets another name. `name`: the one that it has.
struct LinkRename {
  static constexpr Traits kTraits{"link.rename", Channel::kRtnl};
  std::string name;
  uint32_t index = 0;
  std::string to;
  SLIPWAY_FIELDS(name, index, to)
};
// `index`, not 0: only the link of this number, whatever it is called by now.
struct LinkDelete {
  static constexpr Traits kTraits{"link.delete", Channel::kRtnl};
  std::string netns, name;
  int index = 0;
  SLIPWAY_FIELDS(netns, name, index)
};
// Refused with ESTALE when the host's link of this name has another number by now.
struct LinkCheck {
  static constexpr Traits kTraits{"link.check", Channel::kDirect, OnCallerThread::kYes};
  std::string name;
  uint32_t index = 0;
  SLIPWAY_FIELDS(name, index)
};
// All of an interface group at once: one by one each waits for a grace period (20 ms).
struct LinkDeleteGroup {
  static constexpr Traits kTraits{"link.deleteGroup", Channel::kRtnl};
  std::string netns;
  uint32_t group = 0;
  SLIPWAY_FIELDS(netns, group)
};
// Reads a link, which makes the kernel act at once on news of its carrier (linkwatch may take a second).
struct LinkSettle {
  static constexpr Traits kTraits{"link.settle", Channel::kRtnl};
  std::string netns, name;
  SLIPWAY_FIELDS(netns, name)
};

// `address` with its prefix.
struct AddressAdd {
  static constexpr Traits kTraits{"address.add", Channel::kRtnl};
  std::string netns, link, address, broadcast;
  SLIPWAY_FIELDS(netns, link, address, broadcast)
};
// `broadcast` is for the way back. `optional`, here and below: a refusal is passed over, as the namespace is its
// processes' to change.
struct AddressDelete {
  static constexpr Traits kTraits{"address.delete", Channel::kRtnl};
  std::string netns, link, address, broadcast;
  bool optional = false;
  SLIPWAY_FIELDS(netns, link, address, broadcast, optional)
};
// Destination "default" or CIDR. `family`: 4 or 6, for a default route without a gateway to tell. `metric` and
// `protocol` (who has made it): 0 for the kernel's default; a deletion with 0 matches any.
struct RouteAdd {
  static constexpr Traits kTraits{"route.add", Channel::kRtnl};
  std::string netns, destination, gateway, link;
  uint8_t family = 0, protocol = 0;
  uint32_t metric = 0;
  bool optional = false;
  SLIPWAY_FIELDS(netns, destination, gateway, link, family, metric, protocol, optional)
};
struct RouteDelete {
  static constexpr Traits kTraits{"route.delete", Channel::kRtnl};
  std::string netns, destination, gateway, link;
  uint8_t family = 0, protocol = 0;
  uint32_t metric = 0;
  bool optional = false;
  SLIPWAY_FIELDS(netns, destination, gateway, link, family, metric, protocol, optional)
};
// `proxy`: no entry of the table, but an address that the link answers for; it has no `lladdr`.
struct NeighborAdd {
  static constexpr Traits kTraits{"neighbor.add", Channel::kRtnl};
  std::string netns, link, address, lladdr;
  bool proxy = false;
  SLIPWAY_FIELDS(netns, link, address, lladdr, proxy)
};
// An entry of the forwarding table of the bridge that `link` is a port of: a frame to `lladdr` goes there, and it stays
// as long as the port. `exclusive`: refused with EEXIST where another port has that address; otherwise it is moved
// here.
struct FdbAdd {
  static constexpr Traits kTraits{"fdb.add", Channel::kRtnl};
  std::string link, lladdr;
  bool exclusive = false;
  SLIPWAY_FIELDS(link, lladdr, exclusive)
};
struct NeighborDelete {
  static constexpr Traits kTraits{"neighbor.delete", Channel::kRtnl};
  std::string netns, link, address;
  bool proxy = false;
  bool optional = false;
  SLIPWAY_FIELDS(netns, link, address, proxy, optional)
};
// Best effort: what it is about is what others remember.
struct NeighborAnnounce {
  static constexpr Traits kTraits{"neighbor.announce", Channel::kDirect};
  std::string link, address, lladdr;
  SLIPWAY_FIELDS(link, address, lladdr)
};

struct SysctlWrite {
  static constexpr Traits kTraits{"sysctl.write", Channel::kDirect};
  std::string netns, key, value;
  SLIPWAY_FIELDS(netns, key, value)
};
// Refused with EEXIST when the path is taken. `from`, here and below: the spare namespace whose file or socket, made
// ahead, this one becomes, if it has not been used yet. Such a file is marked from the start.
struct FileCreate {
  static constexpr Traits kTraits{"file.create", Channel::kDirect, OnCallerThread::kYes};
  std::string path, content, from;
  bool marked = false;
  SLIPWAY_FIELDS(path, content, from)
};
// Refused with ESTALE when the file no longer holds `expected`: somebody else has written it since it was read.
struct FileReplace {
  static constexpr Traits kTraits{"file.replace", Channel::kDirect, OnCallerThread::kYes};
  std::string path, content, expected;
  SLIPWAY_FIELDS(path, content, expected)
};
struct FileCheck {
  static constexpr Traits kTraits{"file.check", Channel::kDirect, OnCallerThread::kYes};
  std::string path, expected;
  SLIPWAY_FIELDS(path, expected)
};
// Sets the execute bit of the owner's, which a file.replace keeps (host/file.h). Nothing where there is no file.
struct FileMark {
  static constexpr Traits kTraits{"file.mark", Channel::kDirect, OnCallerThread::kYes};
  std::string path;
  SLIPWAY_FIELDS(path)
};
// `expected`: only a file that holds this.
struct FileDelete {
  static constexpr Traits kTraits{"file.delete", Channel::kDirect, OnCallerThread::kYes};
  std::string path;
  std::optional<std::string> expected = {};
  SLIPWAY_FIELDS(path)
};
// Keeps a host port from other processes, until it is released or the executor closed. `optional`: one that cannot be
// had is passed over.
struct PortHold {
  static constexpr Traits kTraits{"port.hold", Channel::kDirect, OnCallerThread::kYes};
  std::string protocol, address;
  uint16_t port = 0;
  bool optional = false;
  std::string from;
  SLIPWAY_FIELDS(protocol, address, port, optional, from)
};
struct PortRelease {
  static constexpr Traits kTraits{"port.release", Channel::kDirect, OnCallerThread::kYes};
  std::string protocol, address;
  uint16_t port = 0;
  SLIPWAY_FIELDS(protocol, address, port)
};  // nothing when it is not held here
// A port of TCP that has led to a sandbox; `host_port` 0: every port of a host address has.
struct ForwardedPort {
  std::string address;
  uint16_t port = 0, host_port = 0;
  SLIPWAY_FIELDS(address, port, host_port)
};
struct ConntrackFlush {
  static constexpr Traits kTraits{"conntrack.flush", Channel::kDirect};
  std::vector<std::string> addresses;
  std::vector<ForwardedPort> ports;
  SLIPWAY_FIELDS(addresses, ports)
};

// The transaction that this is in is refused (ERESTART) where another one has come after this generation of nf_tables.
struct GenerationCheck {
  static constexpr Traits kTraits{"generation.check", Channel::kNft};
  uint32_t generation = 0;
  SLIPWAY_FIELDS(generation)
};
struct TableAdd {
  static constexpr Traits kTraits{"table.add", Channel::kNft};
  std::string family, table, comment;
  SLIPWAY_FIELDS(family, table, comment)
};
// Its chains see packets again, where somebody has made it dormant. The comment is for one that has gone meanwhile: the
// kernel makes it then.
struct TableEnable {
  static constexpr Traits kTraits{"table.enable", Channel::kNft};
  std::string family, table, comment;
  SLIPWAY_FIELDS(family, table, comment)
};
struct TableDelete {
  static constexpr Traits kTraits{"table.delete", Channel::kNft};
  std::string family, table;
  SLIPWAY_FIELDS(family, table)
};
struct ChainAdd {
  static constexpr Traits kTraits{"chain.add", Channel::kNft};
  std::string family, table, chain, comment, type, hook, policy;  // no hook: a regular chain
  int32_t priority = 0;
  SLIPWAY_FIELDS(family, table, chain, comment, type, hook, priority, policy)
};
struct ChainDelete {
  static constexpr Traits kTraits{"chain.delete", Channel::kNft};
  std::string family, table, chain;
  SLIPWAY_FIELDS(family, table, chain)
};
// Deletes its rules; the chain stays, and what jumps to it.
struct ChainFlush {
  static constexpr Traits kTraits{"chain.flush", Channel::kNft};
  std::string family, table, chain;
  SLIPWAY_FIELDS(family, table, chain)
};
// One step of a rule, left to right as nft writes it.
struct Statement {
  std::vector<std::string> match;  // selectors: {"iifname"}, {"ip saddr", "oifname"}…
  std::string operation;  // "==", "!=" against `value`; "in", "not in" against the set `value`; "&", "!&" any, no bit
                          // of `value`
  std::string value;
  std::string verdict;  // "accept", "drop", "return", "jump NAME", "goto NAME"
  bool counter = false, masquerade = false;
  uint64_t packets = 0, bytes = 0;  // what the counter begins with
  bool reject = false;              // refuses the packet by an ICMP error, "port unreachable"; inet tables only
  std::string nat, family;          // nat "dnat", "snat": to what the map `value` has for `match`; family "ip", "ip6"
  bool port = false;                // the map has an address and a port
  std::string set;  // selector that becomes what the one selector of `match` is, or what the map `value` has for it
  SLIPWAY_FIELDS(operation, value, verdict, counter, packets, bytes, masquerade, reject, nat, family, port, set, match)
};
struct RuleAdd {
  static constexpr Traits kTraits{"rule.add", Channel::kNft};
  std::string family, table, chain, comment;
  std::vector<Statement> statements;
  SLIPWAY_FIELDS(family, table, chain, comment, statements)
};
struct SetAdd {
  static constexpr Traits kTraits{"set.add", Channel::kNft};
  std::string family, table, set, comment, type, data_type;  // types as nft writes them: "ipv4_addr . inet_service"
  bool interval = false, counter = false;
  SLIPWAY_FIELDS(family, table, set, type, data_type, interval, counter, comment)
};
// A part of a table that is not ours, in the kernel's own bytes (nft/parts.h), as hexadecimal digits.
struct PartCopy {
  static constexpr Traits kTraits{"part.copy", Channel::kNft};
  std::string family, table, kind, name, attributes;
  SLIPWAY_FIELDS(family, table, kind, name, attributes)
};
struct SetDelete {
  static constexpr Traits kTraits{"set.delete", Channel::kNft};
  std::string family, table, set;
  SLIPWAY_FIELDS(family, table, set)
};
struct Element {
  std::string key, data, comment;
  uint64_t packets = 0, bytes = 0;  // what its counter begins with, where the set has counters
  SLIPWAY_FIELDS(key, data, comment, packets, bytes)
};
struct ElementAdd {
  static constexpr Traits kTraits{"element.add", Channel::kNft, OnCallerThread::kYes};
  std::string family, table, set, type, data_type;
  bool interval = false;
  std::vector<Element> elements;
  SLIPWAY_FIELDS(family, table, set, type, data_type, interval, elements)
};
struct ElementDelete {
  static constexpr Traits kTraits{"element.delete", Channel::kNft, OnCallerThread::kYes};
  std::string family, table, set, type, data_type;
  bool interval = false;
  std::vector<Element> elements;  // with data and comment, which deleting does not look at, it can be undone
  // Only those that are there with the comment given here; the others stay, and are not missed. It is not undone.
  bool if_commented = false;
  SLIPWAY_FIELDS(family, table, set, type, data_type, interval, if_commented, elements)
};

using Operation =
    std::variant<NetnsCreate, NetnsBind, NetnsDelete, NetnsCheck, LinkCreate, LinkSet, LinkRename, LinkCheck,
                 LinkSettle, LinkDelete, LinkDeleteGroup, AddressAdd, AddressDelete, RouteAdd, RouteDelete, NeighborAdd,
                 NeighborDelete, NeighborAnnounce, FdbAdd, SysctlWrite, FileCreate, FileReplace, FileCheck, FileMark,
                 FileDelete, PortHold, PortRelease, ConntrackFlush, GenerationCheck, TableAdd, TableEnable, TableDelete,
                 ChainAdd, ChainDelete, ChainFlush, RuleAdd, SetAdd, SetDelete, PartCopy, ElementAdd, ElementDelete>;

using Plan = std::vector<Operation>;

const Traits& traits_of(const Operation& operation);
inline Channel channel_of(const Operation& operation) { return traits_of(operation).channel; }
// Whether a namespace is meant that only the executor knows (netns/spares.h): it has a name, and a path begins with a
// slash.
bool is_spare(const std::string& netns);
// Whether a thread that stays in its own namespace and must not wait may do this one.
bool is_for_caller_thread(const Operation& operation);
// The namespace that an operation changes something in. A message is sent there, but for one.
const std::string& netns_of(const Operation& operation);
// Whether a link is made from the host's namespace in another one, by a message that is sent in the host's.
bool is_born_elsewhere(const LinkCreate& op);

}  // namespace slipway
