#include "plan/inverse.h"

#include <cstdlib>

namespace slipway {
namespace {

using Inverse = std::optional<Operation>;

int number_of(const std::string& text) { return static_cast<int>(std::strtol(text.c_str(), nullptr, 10)); }

struct Invert {
  const std::string& before;

  Inverse operator()(const NetnsCreate& op) const { return name_of(op.path); }
  Inverse operator()(const NetnsBind& op) const { return name_of(op.path); }
  // Another process may have the name by now, with a namespace of its own.
  Inverse name_of(const std::string& path) const {
    NetnsDelete name{path};
    char* rest = nullptr;
    name.device = std::strtoull(before.c_str(), &rest, 10);
    name.inode = std::strtoull(rest, nullptr, 10);
    return name;
  }
  Inverse operator()(const LinkCreate& op) const {
    return before.empty() ? std::nullopt : Inverse(LinkDelete{op.netns, op.name, number_of(before)});
  }
  Inverse operator()(const AddressAdd& op) const {
    return AddressDelete{op.netns, op.link, op.address, op.broadcast, op.prefix};
  }
  Inverse operator()(const AddressDelete& op) const {
    return AddressAdd{op.netns, op.link, op.address, op.broadcast, op.prefix};
  }
  Inverse operator()(const RouteAdd& op) const {
    return RouteDelete{op.netns, op.destination, op.gateway, op.link, op.family};
  }
  Inverse operator()(const RouteDelete& op) const {
    return RouteAdd{op.netns, op.destination, op.gateway, op.link, op.family};
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
  template <typename Other>
  Inverse operator()(const Other&) const {
    return std::nullopt;
  }
};

}  // namespace

Inverse inverse_of(const Operation& operation, const std::string& before) {
  return std::visit(Invert{before}, operation);
}

}  // namespace slipway
