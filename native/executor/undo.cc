// Taking back what was done, in reverse.
#include <algorithm>

#include "base/guard.h"
#include "executor/encode.h"
#include "executor/runner.h"
#include "nft/element.h"
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

// The address of another namespace that an operation leads to, or no longer: what leads to an address is whose the
// address is.
std::string_view led_to(const Operation& operation) {
  if (!netns_of(operation).empty()) return {};
  auto destination = [](const std::string& cidr) { return std::string_view(cidr).substr(0, cidr.find('/')); };
  if (const auto* op = std::get_if<RouteAdd>(&operation)) return destination(op->destination);
  if (const auto* op = std::get_if<RouteDelete>(&operation)) return destination(op->destination);
  if (const auto* op = std::get_if<NeighborAdd>(&operation))
    return op->proxy ? std::string_view(op->address) : std::string_view();
  if (const auto* op = std::get_if<NeighborDelete>(&operation))
    return op->proxy ? std::string_view(op->address) : std::string_view();
  return {};
}

// Makes again what was there before.
bool restores(const Operation& inverse) {
  return std::holds_alternative<RouteAdd>(inverse) || std::holds_alternative<NeighborAdd>(inverse) ||
         std::holds_alternative<AddressAdd>(inverse);
}

}  // namespace

void Runner::undo(std::vector<netlink::Refusal>& not_undone) {
  refuse_.reset();
  undoing_ = true;
  // Of a transaction that was not taken back: what it gave up may be another's by now.
  Status given_up;
  for (auto index = static_cast<uint32_t>(plan_.size()); index-- > 0;) {
    if (!done_[index]) continue;
    uint32_t last = index;
    Status left;
    if (channel_of(plan_[index]) == Channel::kNft) {
      // A transaction is taken back by a transaction, as it was made by one.
      while (index > 0 && done_[index - 1] && channel_of(plan_[index - 1]) == Channel::kNft) --index;
      left = guarded([&] { return undo_transaction(index, last); });
      if (left) given_up = left;
      if (!remains(left)) left.reset();
    } else {
      left = guarded([&] { return undo_one(index, given_up); });
    }
    if (!left) continue;
    // Without memory to say so, it is not said.
    (void)guarded([&]() -> Status {
      not_undone.push_back({{last, 0}, *left});
      return kOk;
    });
  }
}

Status Runner::undo_transaction(uint32_t first, uint32_t last) {
  std::vector<Operation> inverses;
  for (uint32_t index = last + 1; index-- > first;) {
    if (auto inverse = inverse_of(plan_[index], {})) inverses.push_back(std::move(*inverse));
  }
  return undo_nft(inverses);
}

// What is left of an operation.
Status Runner::undo_one(uint32_t index, const Status& given_up) {
  auto inverse = inverse_of(plan_[index], before_[index]);
  if (!inverse) return kOk;
  if (given_up && restores(*inverse) && !led_to(*inverse).empty()) return given_up;
  if (unsure_[index] && !is_own(index)) return outcome_.failure->failure;
  Status status = restores(*inverse) ? Status() : lead_owner(*inverse);
  if (!status) status = channel_of(*inverse) == Channel::kRtnl ? undo_rtnl(*inverse) : perform(*inverse, index);
  // It was refused at first, and so nothing was taken away.
  if (unsure_[index] && restores(*inverse) && status && status->errnum == EEXIST) return kOk;
  return remains(status) ? status : kOk;
}

// Whether what an operation may have made can only have been made by this plan: in a sandbox's namespace, on a link of
// its own, or leading to an address that it has claimed.
bool Runner::is_own(uint32_t index) const {
  const Operation& operation = plan_[index];
  if (!netns_of(operation).empty() || restores(*inverse_of(operation, before_[index]))) return true;
  const std::string* link = nullptr;
  if (const auto* op = std::get_if<AddressAdd>(&operation)) link = &op->link;
  if (const auto* op = std::get_if<RouteAdd>(&operation)) link = &op->link;
  if (const auto* op = std::get_if<NeighborAdd>(&operation)) link = &op->link;
  for (uint32_t other = 0; other < index; ++other) {
    if (!done_[other]) continue;
    const auto* made = std::get_if<LinkCreate>(&plan_[other]);
    if (made != nullptr && link != nullptr && made->netns.empty() && made->name == *link) return true;
    const auto* claim = std::get_if<ElementAdd>(&plan_[other]);
    if (claim == nullptr) continue;
    for (const auto& element : claim->elements) {
      if (!element.key.empty() && element.key == led_to(operation)) return true;
    }
  }
  return false;
}

// ESTALE when an address that the plan has claimed has another owner by now: what leads to it is that one's.
Status Runner::lead_owner(const Operation& inverse) {
  std::string_view address = led_to(inverse);
  if (address.empty()) return kOk;
  for (uint32_t index = 0; index < plan_.size(); ++index) {
    const auto* claim = std::get_if<ElementAdd>(&plan_[index]);
    if (claim == nullptr || !done_[index]) continue;
    for (const auto& element : claim->elements) {
      if (element.key != address) continue;
      nft::ElementInfo found;
      ElementDelete which{claim->family,    claim->table,    claim->set, claim->type,
                          claim->data_type, claim->interval, {element}};
      auto failure = nft::get_element(kernel_->nft(), which, found);
      if (!failure && found.comment != element.comment) return Failure::of(ESTALE, "sendmsg");
    }
  }
  return kOk;
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
          if constexpr (requires {
                          op.family;
                          op.table;
                        } &&
                        !std::is_same_v<std::decay_t<decltype(op)>, TableDelete>) {
            for (const auto* table : tables) {
              if (table->family == op.family && table->table == op.table) return true;
            }
          }
          return false;
        },
        inverse);
  };
  auto takes_own = [](const Operation& inverse) { return std::holds_alternative<ElementDelete>(inverse); };
  auto failure = commit(std::any_of(inverses.begin(), inverses.end(), takes_own), [&]() -> Status {
    for (const auto& inverse : inverses) {
      if (goes_with_table(inverse)) continue;
      const auto* removal = std::get_if<ElementDelete>(&inverse);
      if (auto refused = removal != nullptr ? put_own(*removal, {}) : put(inverse, {})) return refused;
    }
    return kOk;
  });
  if (failure) return failure;
  return refusals_.empty() ? kOk : Status(refusals_.front().failure);
}

}  // namespace slipway
