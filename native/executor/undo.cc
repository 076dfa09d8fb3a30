// Taking back what was done, in reverse.
#include "executor/encode.h"
#include "executor/runner.h"
#include "nft/transaction.h"
#include "plan/inverse.h"

namespace slipway {
namespace {

// Whether something is left after an attempt to take it back. What is not there any more is gone.
bool remains(const Status& status) {
  if (!status) return false;
  int number = status->errnum;
  return number != ENOENT && number != ENODEV && number != EADDRNOTAVAIL && number != ESRCH;
}

// What leads to an address of another namespace is whose the address is.
bool leads(const Operation& operation) {
  const auto* neighbor = std::get_if<NeighborAdd>(&operation);
  return netns_of(operation).empty() && (std::holds_alternative<RouteAdd>(operation) || (neighbor != nullptr && neighbor->proxy));
}

}  // namespace

void Runner::undo(std::vector<netlink::Refusal>& not_undone) {
  refuse_.reset();
  undoing_ = true;
  // Of a transaction that was not taken back: what it gave up may be another's by now.
  Status given_up;
  for (auto index = static_cast<uint32_t>(plan_.size()); index-- > 0;) {
    if (!done_[index]) continue;
    Status status;
    if (channel_of(plan_[index]) == Channel::kNft) {
      // A transaction is taken back by a transaction, as it was made by one.
      std::vector<Operation> inverses;
      uint32_t last = index;
      for (;; --index) {
        if (auto inverse = inverse_of(plan_[index], {})) inverses.push_back(std::move(*inverse));
        bool more = index > 0 && done_[index - 1] && channel_of(plan_[index - 1]) == Channel::kNft;
        if (!more) break;
      }
      status = undo_nft(inverses);
      if (status) given_up = status;
      if (remains(status)) not_undone.push_back({{last, 0}, *status});
      continue;
    }
    auto inverse = inverse_of(plan_[index], before_[index]);
    if (!inverse) continue;
    if (given_up && leads(*inverse)) {
      not_undone.push_back({{index, 0}, *given_up});
      continue;
    }
    status = channel_of(*inverse) == Channel::kRtnl ? undo_rtnl(*inverse) : perform(*inverse, index);
    if (remains(status)) not_undone.push_back({{index, 0}, *status});
  }
}

Status Runner::undo_rtnl(const Operation& inverse) {
  netlink::Socket* socket = nullptr;
  if (auto failure = kernel_->rtnl(netns_of(inverse), socket)) return failure;
  batch_.clear();
  refusals_.clear();
  if (auto failure = put(inverse, {})) return failure;
  batch_.ack_last();
  if (auto failure = socket->send(batch_)) return failure;
  if (auto failure = socket->collect(batch_, refusals_)) return failure;
  return refusals_.empty() ? kOk : Status(refusals_.front().failure);
}

Status Runner::undo_nft(const std::vector<Operation>& inverses) {
  if (inverses.empty()) return kOk;
  // A table takes its chains, sets and elements along.
  std::vector<const TableDelete*> tables;
  for (const auto& inverse : inverses) {
    if (auto* table = std::get_if<TableDelete>(&inverse)) tables.push_back(table);
  }
  auto goes_with_table = [&](const Operation& inverse) {
    return std::visit(
        [&](const auto& op) {
          if constexpr (requires { op.family; op.table; } && !std::is_same_v<std::decay_t<decltype(op)>, TableDelete>) {
            for (const auto* table : tables) {
              if (table->family == op.family && table->table == op.table) return true;
            }
          }
          return false;
        },
        inverse);
  };
  batch_.clear();
  refusals_.clear();
  nft::begin_transaction(batch_);
  for (const auto& inverse : inverses) {
    if (goes_with_table(inverse)) continue;
    if (auto failure = put(inverse, {})) return failure;
  }
  if (auto failure = nft::commit_transaction(kernel_->nft(), batch_, refusals_)) return failure;
  return refusals_.empty() ? kOk : Status(refusals_.front().failure);
}

}  // namespace slipway
