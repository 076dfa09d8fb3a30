#include "plan/inverse.h"

#include <cstdlib>
#include <type_traits>

namespace slipway {
namespace {

using Inverse = std::optional<Operation>;

template <typename T, typename... Ts>
constexpr bool one_of = (std::is_same_v<T, Ts> || ...);

int number_of(const std::string& text) { return static_cast<int>(std::strtol(text.c_str(), nullptr, 10)); }

struct Invert {
  const std::string& before;

  Inverse operator()(const NetnsCreate& op) const { return name_of(op.path); }
  Inverse operator()(const NetnsBind& op) const { return name_of(op.path); }
  // Another process may have the name by now, with a namespace of its own.
  Inverse name_of(const std::string& path) const {
    if (before.empty()) return NetnsDelete{path, {}};
    char* rest = nullptr;
    Namespace made;
    made.device = std::strtoull(before.c_str(), &rest, 10);
    made.inode = std::strtoull(rest, &rest, 10);
    made.cookie = std::strtoull(rest, nullptr, 10);
    return NetnsDelete{path, made};
  }
  Inverse operator()(const LinkCreate& op) const {
    return before.empty() ? std::nullopt : Inverse(LinkDelete{op.netns, op.name, number_of(before)});
  }
  Inverse operator()(const LinkSet& op) const {
    if (op.index == 0 || op.up != false) return std::nullopt;
    LinkSet up;
    up.netns = op.netns;
    up.name = op.name;
    up.index = op.index;
    up.up = true;
    return up;
  }
  Inverse operator()(const LinkRename& op) const { return LinkRename{op.to, op.index, op.name}; }
  Inverse operator()(const AddressAdd& op) const { return AddressDelete{op.netns, op.link, op.address, op.broadcast}; }
  Inverse operator()(const AddressDelete& op) const { return AddressAdd{op.netns, op.link, op.address, op.broadcast}; }
  Inverse operator()(const RouteAdd& op) const {
    return RouteDelete{op.netns, op.destination, op.gateway, op.link, op.family, op.protocol, op.metric};
  }
  Inverse operator()(const RouteDelete& op) const {
    return RouteAdd{op.netns, op.destination, op.gateway, op.link, op.family, op.protocol, op.metric};
  }
  Inverse operator()(const NeighborAdd& op) const { return NeighborDelete{op.netns, op.link, op.address, op.proxy}; }
  Inverse operator()(const NeighborDelete& op) const {
    return op.proxy ? Inverse(NeighborAdd{op.netns, op.link, op.address, "", true}) : std::nullopt;
  }
  Inverse operator()(const SysctlWrite& op) const { return SysctlWrite{op.netns, op.key, before}; }
  Inverse operator()(const FileCreate& op) const { return FileDelete{op.path, op.content}; }
  Inverse operator()(const FileReplace& op) const { return FileReplace{op.path, before, op.content}; }
  Inverse operator()(const FileDelete& op) const {
    return before.empty() ? std::nullopt : Inverse(FileCreate{op.path, before.substr(1), {}, before.front() == 'x'});
  }
  Inverse operator()(const PortHold& op) const {
    return before.empty() ? std::nullopt : Inverse(PortRelease{op.protocol, op.address, op.port});
  }
  Inverse operator()(const PortRelease& op) const {
    return before.empty() ? std::nullopt : Inverse(PortHold{op.protocol, op.address, op.port, false, {}});
  }
  Inverse operator()(const TableAdd& op) const { return TableDelete{op.family, op.table}; }
  Inverse operator()(const ChainAdd& op) const { return ChainDelete{op.family, op.table, op.chain}; }
  Inverse operator()(const SetAdd& op) const { return SetDelete{op.family, op.table, op.set}; }
  Inverse operator()(const ElementAdd& op) const {
    return ElementDelete{op.family, op.table, op.set, op.type, op.data_type, op.interval, op.elements};
  }
  Inverse operator()(const ElementDelete& op) const {
    if (op.if_commented) return std::nullopt;
    bool map = !op.data_type.empty();
    for (const auto& element : op.elements) {
      if (map && element.data.empty()) return std::nullopt;
    }
    return ElementAdd{op.family, op.table, op.set, op.type, op.data_type, op.interval, op.elements};
  }
  // These alone: a new operation has an inverse above, or is named here. lib/plan/traits.ts says why.
  template <typename Other>
  requires one_of<Other, NetnsDelete, NetnsCheck, LinkSettle, LinkCheck, LinkDelete, LinkDeleteGroup, FdbAdd,
                  NeighborAnnounce, FileCheck, FileMark, ConntrackFlush, GenerationCheck, TableEnable, TableDelete,
                  ChainDelete, ChainFlush, RuleAdd, SetDelete, PartCopy>
      Inverse operator()(const Other&) const {
    return std::nullopt;
  }
};

}  // namespace

Inverse inverse_of(const Operation& operation, const std::string& before) {
  return std::visit(Invert{before}, operation);
}

}  // namespace slipway
