// libFuzzer: what the kernel may answer to dumps and requests of rtnetlink, conntrack and nf_tables, and its acks. The
// first byte says what was asked, the rest is one datagram.
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "conntrack/connections.h"
#include "fuzz/kernel.h"
#include "host/listeners.h"
#include "nft/chain.h"
#include "nft/fingerprint.h"
#include "nft/parts.h"
#include "nft/rule.h"
#include "nft/set.h"
#include "nft/table.h"
#include "nft/transaction.h"
#include "rtnl/dump.h"
#include "rtnl/given.h"

namespace slipway::fuzz {
namespace {

void ask_links() {
  std::vector<rtnl::LinkInfo> links;
  rtnl::dump_links(socket(), true, links);
}

void ask_ports() {
  std::vector<rtnl::PortCount> counts;
  rtnl::count_ports(socket(), counts);
}

void ask_link() {
  rtnl::LinkInfo link;
  rtnl::get_link(socket(), "eth0", true, link);
}

void ask_addresses() {
  std::vector<rtnl::AddressInfo> addresses;
  rtnl::dump_addresses(socket(), AF_UNSPEC, 0, addresses);
}

void ask_routes() {
  std::vector<rtnl::RouteInfo> routes;
  rtnl::dump_routes(socket(), AF_UNSPEC, routes);
}

void ask_connections() {
  alignas(nlmsghdr) char room[256];
  netlink::Message question =
      conntrack::begin(room, sizeof room, "connections", IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);
  socket().request(question.written(), [](netlink::Answer& answer) { conntrack::read_connection(answer); });
}

void ask_generation() {
  uint32_t generation = 0;
  nft::get_generation(socket(), generation);
}

void ask_table() {
  std::string comment;
  nft::get_table(socket(), "inet", "slipway", comment);
}

void ask_chains() {
  std::vector<nft::ChainInfo> chains;
  nft::dump_chains(socket(), "inet", "slipway", chains);
}

void ask_rules() {
  std::vector<nft::RuleInfo> rules;
  nft::dump_rules(socket(), "inet", "slipway", rules);
}

void ask_sets() {
  std::vector<nft::SetInfo> sets;
  nft::dump_sets(socket(), "inet", "slipway", sets);
}

void ask_fingerprints() {
  nft::Fingerprints prints;
  nft::dump_fingerprints(socket(), "inet", "slipway", "user", prints);
  prints.whole();
}

void ask_parts_of_rules() {
  std::vector<nft::PartInfo> parts;
  nft::dump_parts(socket(), {"inet", "slipway", "rule", {}}, parts);
}

void ask_parts_of_elements() {
  std::vector<nft::PartInfo> parts;
  nft::dump_parts(socket(), {"inet", "slipway", "element", "blocked"}, parts);
}

void ask_listeners() {
  std::vector<host::Listener> listeners;
  host::dump_listeners(socket(), AF_INET6, false, 80, listeners);
}

// Of two addresses of an interface that is there and up, or else nothing is asked.
void ask_given() {
  std::string lacking;
  rtnl::find_lacking(socket(), "lo 127.0.0.1 ::1\n", lacking);
}

// As a link is made: the ack, and the link itself.
void ask_echo() {
  netlink::Batch batch;
  batch.commit(batch.begin("link.create", RTM_NEWLINK, NLM_F_ACK | NLM_F_ECHO, {}));
  socket().request(batch.last(), [](netlink::Answer& answer) { rtnl::index_of(answer); });
}

netlink::Batch three_messages() {
  netlink::Batch batch;
  for (uint32_t operation = 0; operation < 3; ++operation)
    batch.commit(batch.begin("link.set", RTM_NEWLINK, 0, {operation, 0}));
  return batch;
}

void ask_batch() {
  netlink::Batch batch = three_messages();
  std::vector<netlink::Refusal> refusals;
  batch.ack_last();
  if (!socket().send(batch)) socket().collect(batch, refusals);
}

void ask_transaction() {
  netlink::Batch batch;
  std::vector<netlink::Refusal> refusals;
  nft::begin_transaction(batch, 0);
  nft::encode_refused(batch, {});
  nft::commit_transaction(socket(), batch, refusals);
}

// The order is the one of the seeds (test/fuzz/seeds.ts).
constexpr void (*kQuestions[])() = {ask_links,        ask_link,       ask_addresses,      ask_routes,
                                    ask_connections,  ask_generation, ask_table,          ask_chains,
                                    ask_echo,         ask_batch,      ask_transaction,    ask_rules,
                                    ask_listeners,    ask_sets,       ask_parts_of_rules, ask_parts_of_elements,
                                    ask_fingerprints, ask_given,      ask_ports};

}  // namespace
}  // namespace slipway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  slipway::fuzz::answer_with(data + 1, size - 1);
  slipway::fuzz::kQuestions[data[0] % std::size(slipway::fuzz::kQuestions)]();
  return 0;
}
