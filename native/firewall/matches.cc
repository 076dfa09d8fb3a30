#include "firewall/matches.h"

#include <netinet/in.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>

#include <cstring>

#include "firewall/firewall.h"

namespace slipway::firewall {
namespace {

constexpr uint16_t kLastPort = 0xffff;
// Those of the states that are the same numbers for nf_tables: invalid, established, related, new.
constexpr uint32_t kStates = 0xf;

template <typename Info>
bool read(std::string_view bytes, Info& info) {
  if (bytes.size() < sizeof info) return false;
  std::memcpy(&info, bytes.data(), sizeof info);
  return true;
}

void put_state(uint32_t states, bool inverted, std::vector<std::string>& steps) {
  const uint32_t none = 0;
  steps.emplace_back("load ct-state 1");
  steps.push_back("mask 1 1 " + hex(&states, sizeof states) + ' ' + hex(&none, sizeof none));
  steps.push_back((inverted ? "is 1 " : "not 1 ") + hex(&none, sizeof none));
}

bool put_conntrack(unsigned revision, std::string_view bytes, std::vector<std::string>& steps) {
  xt_conntrack_mtinfo3 info{};
  // The second has all but the last fields of the third.
  if (revision < 2 || bytes.size() < sizeof(xt_conntrack_mtinfo2)) return false;
  std::memcpy(&info, bytes.data(), std::min(bytes.size(), sizeof info));
  if (info.match_flags != XT_CONNTRACK_STATE || (info.state_mask & ~kStates) != 0) return false;
  put_state(info.state_mask, (info.invert_flags & XT_CONNTRACK_STATE) != 0, steps);
  return true;
}

// A range of ports that is one port, or all.
bool put_port(const uint16_t (&range)[2], int offset, std::vector<std::string>& steps) {
  if (range[0] == 0 && range[1] == kLastPort) return true;
  if (range[0] != range[1]) return false;
  uint16_t port = htons(range[0]);
  steps.push_back("load header transport " + std::to_string(offset) + " 2 1");
  steps.push_back("is 1 " + hex(&port, sizeof port));
  return true;
}

template <typename Info>
bool put_ports(std::string_view bytes, std::vector<std::string>& steps) {
  Info info{};
  if (!read(bytes, info) || info.invflags != 0) return false;
  if constexpr (requires { info.flg_mask; }) {
    if (info.flg_mask != 0 || info.option != 0) return false;
  }
  return put_port(info.spts, 0, steps) && put_port(info.dpts, 2, steps);
}

bool put_known(const std::string& name, unsigned revision, std::string_view info, std::vector<std::string>& steps) {
  if (name == "comment") return true;
  if (name == "conntrack") return put_conntrack(revision, info, steps);
  if (name == "tcp") return put_ports<xt_tcp>(info, steps);
  if (name == "udp") return put_ports<xt_udp>(info, steps);
  if (name != "state") return false;
  xt_state_info state{};
  if (!read(info, state) || (state.statemask & ~kStates) != 0) return false;
  put_state(state.statemask, false, steps);
  return true;
}

}  // namespace

void put_match(const std::string& name, unsigned revision, std::string_view info, std::vector<std::string>& steps) {
  std::size_t before = steps.size();
  if (put_known(name, revision, info, steps)) return;
  steps.resize(before);
  steps.push_back("asks " + name);
}

}  // namespace slipway::firewall
