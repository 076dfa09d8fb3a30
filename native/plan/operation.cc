#include "plan/operation.h"

#include <type_traits>

namespace slipway {

const Traits& traits_of(const Operation& operation) {
  return std::visit([](const auto& op) -> const Traits& { return op.kTraits; }, operation);
}

bool is_spare(const std::string& netns) { return !netns.empty() && netns.front() != '/'; }

bool is_born_elsewhere(const LinkCreate& op) { return !op.link.empty() && !op.netns.empty(); }

bool is_for_caller_thread(const Operation& operation) {
  return std::visit(
      [](const auto& op) {
        constexpr OnCallerThread which = std::decay_t<decltype(op)>::kTraits.on_caller_thread;
        if constexpr (which == OnCallerThread::kOfSpare) {
          return is_spare(op.spare());
        } else {
          return which == OnCallerThread::kYes;
        }
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
