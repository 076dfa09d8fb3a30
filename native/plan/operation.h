// The operations that a plan is made of, in the kernel's words. lib/plan/operation.ts is the same list as
// JavaScript sees it; js/read_plan.cc carries one to the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace slipway {

// An empty `netns` is the host's namespace, any other the path of a bind-mounted one, or the name of a spare one
// (netns/spares.h). `records`: the folder that the record of a spare one's sandbox will be in. What its claims will
// take besides is made ahead, too.
struct NetnsCreate {
  std::string path, records;
};
// A further name for a namespace that is there: it lives until the last is deleted.
struct NetnsBind {
  std::string path, from;
};
// With the identity of a namespace, one of another is left alone.
struct NetnsDelete {
  std::string path;
  uint64_t device = 0, inode = 0;
};
// Says which namespace a path leads to: to all of the plan, whatever is there instead is refused with ESTALE.
// `optional`: that the path leads elsewhere is no refusal of this operation itself.
struct NetnsCheck {
  std::string path;
  uint64_t device = 0, inode = 0;
  bool optional = false;
};

struct VethPeer {
  std::string netns, name, address;
};
// Born in `netns` under its own name, never moved (a move costs 16 ms).
struct LinkCreate {
  std::string netns, name, kind, address, master;
  std::optional<uint32_t> mtu, group, queues;
  // Kinds "macvlan", "ipvlan" and "vlan" only: `link` is the parent, a link of the host's wherever the new one is born.
  // The message is sent in the host's namespace, and the kernel's echo of it goes to the new link's.
  std::string link, mode, flag;
  std::optional<uint16_t> id;
  std::optional<VethPeer> peer;  // kind "veth" only
  // Kind "bridge" only. Left out, the kernel's default: on.
  std::optional<bool> multicast_snooping, link_local_learning;
};
struct LinkSet {
  std::string netns, name;
  std::optional<bool> up, hairpin, isolated, route_localnet;
  std::optional<uint32_t> mtu, group;
  std::optional<std::string> alias;
  std::string master;            // the bridge that the link becomes a port of
  bool no_ipv6_address = false;  // addrgenmode none, before the link goes up
  bool no_ipv6 = false;          // disable_ipv6, likewise
  // Of a bridge port: whether it is sent what is for an address that nobody is known to have.
  std::optional<bool> flood;
  // Bits of link-local group addresses (01:80:c2:00:00:0X) whose frames the port takes for ordinary ones.
  std::optional<uint32_t> group_forward_mask;
  // Of IPv4 (ip-sysctl): whether a sender has to be reachable by this link, and which ARP requests are not answered.
  std::optional<uint32_t> rp_filter, arp_ignore;
};
// `index`, not 0: only the link of this number, whatever it is called by now.
struct LinkDelete {
  std::string netns, name;
  int index = 0;
};
// Refused with ESTALE when the host's link of this name has another number by now.
struct LinkCheck {
  std::string name;
  uint32_t index = 0;
};
// All of an interface group at once: one by one each waits for a grace period (20 ms).
struct LinkDeleteGroup {
  std::string netns;
  uint32_t group = 0;
};
// Reads a link, which makes the kernel act at once on news of its carrier (linkwatch may take a second).
struct LinkSettle {
  std::string netns, name;
};

struct AddressAdd {
  std::string netns, link, address, broadcast;
  uint8_t prefix = 0;
};
// `broadcast` is for the way back. `optional`, here and below: a refusal is passed over, as the namespace is its
// processes' to change.
struct AddressDelete {
  std::string netns, link, address, broadcast;
  uint8_t prefix = 0;
  bool optional = false;
};
// Destination "default" or CIDR. `family`: 4 or 6, for a default route without a gateway to tell.
struct RouteAdd {
  std::string netns, destination, gateway, link;
  uint8_t family = 0;
  bool optional = false;
};
struct RouteDelete {
  std::string netns, destination, gateway, link;
  uint8_t family = 0;
  bool optional = false;
};
// `proxy`: no entry of the table, but an address that the link answers for; it has no `lladdr`.
struct NeighborAdd {
  std::string netns, link, address, lladdr;
  bool proxy = false;
};
// An entry of the forwarding table of the bridge that `link` is a port of: a frame to `lladdr` goes there, and it stays
// as long as the port. `exclusive`: refused with EEXIST where another port has that address; otherwise it is moved
// here.
struct FdbAdd {
  std::string link, lladdr;
  bool exclusive = false;
};
struct NeighborDelete {
  std::string netns, link, address;
  bool proxy = false;
  bool optional = false;
};
// Best effort: what it is about is what others remember.
struct NeighborAnnounce {
  std::string link, address, lladdr;
};

struct SysctlWrite {
  std::string netns, key, value;
};
// Refused with EEXIST when the path is taken. `from`, here and below: the spare namespace whose file or socket, made
// ahead, this one becomes, if it has not been used yet. Such a file is marked from the start.
struct FileCreate {
  std::string path, content, from;
  bool marked = false;
};
// Refused with ESTALE when the file no longer holds `expected`: somebody else has written it since it was read.
struct FileReplace {
  std::string path, content, expected;
};
struct FileCheck {
  std::string path, expected;
};
// Sets the execute bit of the owner's, which a file.replace keeps (host/file.h). Nothing where there is no file.
struct FileMark {
  std::string path;
};
// `expected`: only a file that holds this.
struct FileDelete {
  std::string path;
  std::optional<std::string> expected = {};
};
// Keeps a host port from other processes, until it is released or the executor closed. `optional`: one that cannot be
// had is passed over.
struct PortHold {
  std::string protocol, address;
  uint16_t port = 0;
  bool optional = false;
  std::string from;
};
struct PortRelease {
  std::string protocol, address;
  uint16_t port = 0;
};  // nothing when it is not held here
// A port of TCP that has led to a sandbox; `host_port` 0: every port of a host address has.
struct LeadingPort {
  std::string address;
  uint16_t port = 0, host_port = 0;
};
struct ConntrackFlush {
  std::vector<std::string> addresses;
  std::vector<LeadingPort> ports;
};

struct TableAdd {
  std::string family, table, comment;
};
struct TableDelete {
  std::string family, table;
};
struct ChainAdd {
  std::string family, table, chain, comment, type, hook, policy;  // no hook: a regular chain
  int32_t priority = 0;
};
struct ChainDelete {
  std::string family, table, chain;
};
// Deletes its rules; the chain stays, and what jumps to it.
struct ChainFlush {
  std::string family, table, chain;
};
// One step of a rule, left to right as nft writes it.
struct Statement {
  std::vector<std::string> match;  // selectors: {"iifname"}, {"ip saddr", "oifname"}…
  std::string operation;  // "==", "!=" against `value`; "in", "not in" against the set `value`; "&", "!&" any, no bit
                          // of `value`
  std::string value;
  std::string verdict;  // "accept", "drop", "return", "jump NAME", "goto NAME"
  bool counter = false, masquerade = false;
  std::string nat, family;  // nat "dnat", "snat": to what the map `value` has for `match`; family "ip", "ip6"
  bool port = false;        // the map has an address and a port
  std::string set;  // selector that becomes what the one selector of `match` is, or what the map `value` has for it
};
struct RuleAdd {
  std::string family, table, chain, comment;
  std::vector<Statement> statements;
};
struct SetAdd {
  std::string family, table, set, comment, type, data_type;  // types as nft writes them: "ipv4_addr . inet_service"
  bool interval = false, counter = false;
};
struct SetDelete {
  std::string family, table, set;
};
struct Element {
  std::string key, data, comment;
};
struct ElementAdd {
  std::string family, table, set, type, data_type;
  bool interval = false;
  std::vector<Element> elements;
};
struct ElementDelete {
  std::string family, table, set, type, data_type;
  bool interval = false;
  std::vector<Element> elements;  // with data and comment, which deleting does not look at, it can be undone
  // Only those that are there with the comment given here; the others stay, and are not missed. It is not undone.
  bool if_commented = false;
};

using Operation =
    std::variant<NetnsCreate, NetnsBind, NetnsDelete, NetnsCheck, LinkCreate, LinkSet, LinkCheck, LinkSettle,
                 LinkDelete, LinkDeleteGroup, AddressAdd, AddressDelete, RouteAdd, RouteDelete, NeighborAdd,
                 NeighborDelete, NeighborAnnounce, FdbAdd, SysctlWrite, FileCreate, FileReplace, FileCheck, FileMark,
                 FileDelete, PortHold, PortRelease, ConntrackFlush, TableAdd, TableDelete, ChainAdd, ChainDelete,
                 ChainFlush, RuleAdd, SetAdd, SetDelete, ElementAdd, ElementDelete>;

using Plan = std::vector<Operation>;

// Which way an operation goes to the kernel.
enum class Channel { kRtnl, kNft, kDirect };
Channel channel_of(const Operation& operation);
// Whether a namespace is meant that only the executor knows (netns/spares.h): it has a name, and a path begins with a
// slash.
bool is_spare(const std::string& netns);
// Whether a thread that stays in its own namespace and must not wait (JavaScript's) may do it: elements, files, ports,
// spare namespaces.
bool may_run_beside(const Operation& operation);
// The namespace that an operation changes something in. A message is sent there, but for one.
const std::string& netns_of(const Operation& operation);
// Whether a link is made from the host's namespace in another one, by a message that is sent in the host's.
bool is_born_elsewhere(const LinkCreate& op);

}  // namespace slipway
