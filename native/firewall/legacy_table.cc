#include "firewall/legacy_table.h"

#include <linux/netfilter.h>

#include <cstring>
#include <map>
#include <utility>

#include "firewall/matches.h"

namespace slipway::firewall {
namespace {

// Where things are in the headers of IPv4 and IPv6.
struct Ipv4Layout {
  using Info = ipt_getinfo;
  using Entry = ipt_entry;
  static constexpr const char* kName = "ip";
  static constexpr int kSource = 12, kDestination = 16;
  static const auto& head(const Entry& entry) { return entry.ip; }
  static uint8_t inverted(const Entry& entry) { return entry.ip.invflags; }
  static constexpr uint8_t kInvertIn = IPT_INV_VIA_IN, kInvertOut = IPT_INV_VIA_OUT, kInvertSource = IPT_INV_SRCIP,
                           kInvertDestination = IPT_INV_DSTIP, kInvertProtocol = IPT_INV_PROTO;
};
struct Ipv6Layout {
  using Info = ip6t_getinfo;
  using Entry = ip6t_entry;
  static constexpr const char* kName = "ip6";
  static constexpr int kSource = 8, kDestination = 24;
  static const auto& head(const Entry& entry) { return entry.ipv6; }
  static uint8_t inverted(const Entry& entry) { return entry.ipv6.invflags; }
  static constexpr uint8_t kInvertIn = IP6T_INV_VIA_IN, kInvertOut = IP6T_INV_VIA_OUT, kInvertSource = IP6T_INV_SRCIP,
                           kInvertDestination = IP6T_INV_DSTIP, kInvertProtocol = IP6T_INV_PROTO;
};

constexpr const char* kHooks[] = {"prerouting", "input", "forward", "output", "postrouting"};
constexpr const char* kBuiltIn[] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"};
static_assert(std::size(kHooks) == NF_INET_NUMHOOKS);

// One table as the kernel has it: entries of various lengths, one behind the other.
template <typename Kind>
class Table {
 public:
  using Entry = typename Kind::Entry;

  Table(std::string name, const typename Kind::Info& info, std::string_view bytes)
      : name_(std::move(name)), info_(info), bytes_(bytes) {}

  void put(Firewalls& firewalls) {
    name_chains();
    std::string chain;
    for (std::size_t at = 0; const Entry* entry = entry_at(at); at += entry->next_offset) {
      auto named = chains_.find(at);
      if (named != chains_.end()) {
        chain = named->second;
        if (!is_built_in(at)) {
          firewalls.chains.push_back({true, Kind::kName, name_, chain, {}, {}, 0, {}});
          // The entry that says its name.
          continue;
        }
      }
      int hook = hook_ending_at(at);
      if (hook >= 0) {
        Chain base{true, Kind::kName, name_, chain, kHooks[hook], "accept", 0, entry->counters.pcnt};
        if (standard_verdict(*entry, at) == -NF_DROP - 1) base.policy = "drop";
        firewalls.chains.push_back(std::move(base));
        continue;
      }
      Rule rule{true, Kind::kName, name_, chain, {}, 0, {}};
      put_matches(*entry, at, rule.steps);
      rule.steps.push_back("counter " + std::to_string(entry->counters.pcnt));
      put_target(*entry, at, rule.steps);
      firewalls.rules.push_back(std::move(rule));
    }
  }

 private:
  // The entry that begins there, where it lies whole in the bytes.
  const Entry* entry_at(std::size_t at) const {
    if (at >= bytes_.size() || bytes_.size() - at < sizeof(Entry) || at % alignof(Entry) != 0) return nullptr;
    const auto* entry = reinterpret_cast<const Entry*>(bytes_.data() + at);
    bool whole = entry->target_offset >= sizeof(Entry) && entry->target_offset % alignof(xt_entry_target) == 0 &&
                 entry->target_offset + sizeof(xt_entry_target) <= entry->next_offset &&
                 entry->next_offset <= bytes_.size() - at;
    return whole ? entry : nullptr;
  }
  const xt_entry_target& target(std::size_t at, const Entry& entry) const {
    return *reinterpret_cast<const xt_entry_target*>(bytes_.data() + at + entry.target_offset);
  }
  static std::string text(const char* name, std::size_t most) { return std::string(name, strnlen(name, most)); }
  std::string target_name(std::size_t at, const Entry& entry) const {
    return text(target(at, entry).u.user.name, sizeof(xt_entry_target{}.u.user.name));
  }
  bool is_valid(int hook) const { return (info_.valid_hooks & 1U << hook) != 0; }
  bool is_built_in(std::size_t at) const {
    for (int hook = 0; hook < NF_INET_NUMHOOKS; ++hook) {
      if (is_valid(hook) && info_.hook_entry[hook] == at) return true;
    }
    return false;
  }
  int hook_ending_at(std::size_t at) const {
    for (int hook = 0; hook < NF_INET_NUMHOOKS; ++hook) {
      if (is_valid(hook) && info_.underflow[hook] == at) return hook;
    }
    return -1;
  }
  // A chain of one's own begins with an entry whose target says its name.
  void name_chains() {
    for (int hook = 0; hook < NF_INET_NUMHOOKS; ++hook) {
      if (is_valid(hook)) chains_[info_.hook_entry[hook]] = kBuiltIn[hook];
    }
    for (std::size_t at = 0; const Entry* entry = entry_at(at); at += entry->next_offset) {
      if (target_name(at, *entry) != XT_ERROR_TARGET) continue;
      std::size_t room = entry->next_offset - entry->target_offset - sizeof(xt_entry_target);
      chains_[at] = text(reinterpret_cast<const char*>(&target(at, *entry) + 1), room);
    }
  }
  int standard_verdict(const Entry& entry, std::size_t at) const {
    auto room = static_cast<std::size_t>(entry.next_offset - entry.target_offset);
    if (room < sizeof(xt_standard_target)) return 0;
    return reinterpret_cast<const xt_standard_target*>(&target(at, entry))->verdict;
  }

  static void put_address(std::vector<std::string>& steps, int offset, const void* address, const void* mask,
                          std::size_t size, bool inverted) {
    static const std::string kZeros(16, '\0');
    if (std::memcmp(mask, kZeros.data(), size) == 0) return;
    steps.push_back("load header network " + std::to_string(offset) + ' ' + std::to_string(size) + " 1");
    steps.push_back("mask 1 1 " + hex(mask, size) + ' ' + hex(kZeros.data(), size));
    steps.push_back((inverted ? "not 1 " : "is 1 ") + hex(address, size));
  }
  // The mask says how much of the name counts.
  static void put_link(std::vector<std::string>& steps, const char* what, const char* name, const unsigned char* mask,
                       bool inverted) {
    std::size_t length = 0;
    while (length < IFNAMSIZ && mask[length] != 0) ++length;
    if (length == 0) return;
    steps.push_back(std::string("load ") + what + " 1");
    steps.push_back((inverted ? "not 1 " : "is 1 ") + hex(name, length));
  }
  void put_matches(const Entry& entry, std::size_t at, std::vector<std::string>& steps) const {
    const auto& head = Kind::head(entry);
    uint8_t inverted = Kind::inverted(entry);
    put_link(steps, "iifname", head.iniface, head.iniface_mask, (inverted & Kind::kInvertIn) != 0);
    put_link(steps, "oifname", head.outiface, head.outiface_mask, (inverted & Kind::kInvertOut) != 0);
    put_address(steps, Kind::kSource, &head.src, &head.smsk, sizeof head.src, (inverted & Kind::kInvertSource) != 0);
    put_address(steps, Kind::kDestination, &head.dst, &head.dmsk, sizeof head.dst,
                (inverted & Kind::kInvertDestination) != 0);
    if (head.proto != 0) {
      auto protocol = static_cast<uint8_t>(head.proto);
      steps.emplace_back("load l4proto 1");
      steps.push_back(((inverted & Kind::kInvertProtocol) != 0 ? "not 1 " : "is 1 ") + hex(&protocol, 1));
    }
    std::size_t end = at + entry.target_offset;
    for (std::size_t place = at + sizeof(Entry); place + sizeof(xt_entry_match) <= end;) {
      const auto* match = reinterpret_cast<const xt_entry_match*>(bytes_.data() + place);
      std::size_t size = match->u.match_size;
      if (size < sizeof(xt_entry_match) || size > end - place || size % alignof(xt_entry_match) != 0) break;
      put_match(text(match->u.user.name, sizeof match->u.user.name), match->u.user.revision,
                {bytes_.data() + place + sizeof(xt_entry_match), size - sizeof(xt_entry_match)}, steps);
      place += size;
    }
  }
  void put_target(const Entry& entry, std::size_t at, std::vector<std::string>& steps) const {
    std::string name = target_name(at, entry);
    if (name == "REJECT") steps.emplace_back("verdict reject");
    if (name == "REJECT") return;
    // The standard one has no name.
    if (!name.empty()) {
      steps.push_back("does " + name);
      return;
    }
    int verdict = standard_verdict(entry, at);
    if (verdict == XT_RETURN) {
      steps.emplace_back("verdict return");
    } else if (verdict < 0) {
      steps.emplace_back(verdict == -NF_DROP - 1     ? "verdict drop"
                         : verdict == -NF_ACCEPT - 1 ? "verdict accept"
                                                     : "asks queue");
    } else if (static_cast<std::size_t>(verdict) == at + entry.next_offset) {
      // To the next rule, which a rule without a target says so.
      steps.emplace_back("verdict continue");
    } else {
      bool jumps = (goto_flag(entry) == 0);
      // A jump leads to the first rule behind the entry that says the chain's name.
      steps.push_back((jumps ? "verdict jump " : "verdict goto ") + chain_before(static_cast<std::size_t>(verdict)));
    }
  }
  static int goto_flag(const ipt_entry& entry) { return entry.ip.flags & IPT_F_GOTO; }
  static int goto_flag(const ip6t_entry& entry) { return entry.ipv6.flags & IP6T_F_GOTO; }
  std::string chain_before(std::size_t at) const {
    auto after = chains_.lower_bound(at);
    return after == chains_.begin() ? std::string() : std::prev(after)->second;
  }

  std::string name_;
  typename Kind::Info info_;
  std::string_view bytes_;
  std::map<std::size_t, std::string> chains_;  // by where they begin
};

}  // namespace

void put_table(const std::string& name, const ipt_getinfo& info, std::string_view bytes, Firewalls& firewalls) {
  Table<Ipv4Layout>(name, info, bytes).put(firewalls);
}

void put_table(const std::string& name, const ip6t_getinfo& info, std::string_view bytes, Firewalls& firewalls) {
  Table<Ipv6Layout>(name, info, bytes).put(firewalls);
}

}  // namespace slipway::firewall
