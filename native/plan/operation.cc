#include "plan/operation.h"

#include <type_traits>

namespace slipway {
namespace {

template <typename T, typename... Ts>
constexpr bool one_of = (std::is_same_v<T, Ts> || ...);

}  // namespace

Channel channel_of(const Operation& operation) {
  return std::visit(
      [](const auto& op) {
        using T = std::decay_t<decltype(op)>;
        if constexpr (one_of<T, LinkCreate, LinkSet, LinkSettle, LinkDelete, LinkDeleteGroup, AddressAdd, AddressDelete,
                             RouteAdd, RouteDelete, NeighborAdd, NeighborDelete, FdbAdd>) {
          return Channel::kRtnl;
        } else if constexpr (one_of<T, TableAdd, TableDelete, ChainAdd, ChainDelete, ChainFlush, RuleAdd, SetAdd,
                                    SetDelete, ElementAdd, ElementDelete>) {
          return Channel::kNft;
        } else {
          return Channel::kDirect;
        }
      },
      operation);
}

bool is_spare(const std::string& netns) { return !netns.empty() && netns.front() != '/'; }

bool is_born_elsewhere(const LinkCreate& op) { return !op.link.empty() && !op.netns.empty(); }

bool may_run_beside(const Operation& operation) {
  return std::visit(
      [](const auto& op) {
        using T = std::decay_t<decltype(op)>;
        if constexpr (std::is_same_v<T, NetnsBind>) return is_spare(op.from);
        if constexpr (std::is_same_v<T, NetnsDelete>) return is_spare(op.path);
        return one_of<T, NetnsCheck, ElementAdd, ElementDelete, FileCreate, FileReplace, FileCheck, FileMark,
                      FileDelete, LinkCheck, PortHold, PortRelease>;
      },
      operation);
}

const std::string& netns_of(const Operation& operation) {
  static const std::string host;
  return std::visit(
      [](const auto& op) -> const std::string& {
        if constexpr (requires { op.netns; }) {
          return op.netns;
        } else {
          return host;
        }
      },
      operation);
}

}  // namespace slipway
