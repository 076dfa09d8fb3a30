// Transactions of nf_tables: all or nothing, for every other process too. What is deleted as its owner's is looked at
// first, and the generation of nf_tables says whether another transaction has come in between.
#include <utility>

#include "executor/encode.h"
#include "executor/runner.h"
#include "nft/element.h"
#include "nft/transaction.h"

namespace slipway {
namespace {

// Each takes some 20 µs, and fails when another transaction falls into them.
constexpr int kLooks = 256;

ElementDelete only(const ElementDelete& all, const Element& element) {
  ElementDelete one = all;
  one.elements = {element};
  return one;
}

ElementDelete only(const ElementAdd& all, const Element& element) {
  return ElementDelete{all.family, all.table, all.set, all.type, all.data_type, all.interval, {element}};
}

}  // namespace

Status Runner::run_nft(uint32_t end) {
  uint32_t first = next_;
  while (next_ < end && channel_of(plan_[next_]) == Channel::kNft) ++next_;
  required_ = required_generation(first, next_);
  auto failure = commit(looks(first, next_), [&]() -> Status {
    for (uint32_t index = first; index < next_; ++index) {
      origin_ = {index, 0};
      if (auto refused = put_nft(index)) return refused;
    }
    return kOk;
  });
  if (failure) {
    if (!lost_answer(*failure)) return failure;
    origin_ = {first, 0};
    return resolve(first, *failure);
  }
  if (!refusals_.empty()) {
    origin_ = refusals_.front().origin;
    return refusals_.front().failure;
  }
  for (uint32_t index = first; index < next_; ++index) done_[index] = true;
  return kOk;
}

// The generation that some operations are to be based on, 0 for any.
uint32_t Runner::required_generation(uint32_t begin, uint32_t end) const {
  for (; begin < end; ++begin) {
    if (const auto* check = std::get_if<GenerationCheck>(&plan_[begin])) return check->generation;
  }
  return 0;
}

// Sends what `put` puts into the batch, which is looked for anew whenever another transaction has come in between.
// Refusals are in refusals_.
Status Runner::commit(bool looks, const std::function<Status()>& put) {
  uint32_t required = std::exchange(required_, 0);
  for (int attempt = 1;; ++attempt) {
    uint32_t generation = looks || attempt == kLooks ? 0 : kernel_->watch().generation();
    if (required != 0) generation = required;
    if (looks && required == 0) {
      if (auto failure = nft::get_generation(kernel_->nft(), generation)) return failure;
    }
    batch_.clear();
    refusals_.clear();
    nft::begin_transaction(batch_, generation);
    if (auto failure = put()) return failure;
    // All that was looked for is gone, or has another owner.
    if (batch_.count() == 1) return kOk;
    if (auto failure = nft::commit_transaction(kernel_->nft(), batch_, refusals_)) return failure;
    bool overtaken = generation != 0 && !refusals_.empty() && refusals_.front().failure.errnum == ERESTART;
    if (overtaken && !looks) kernel_->watch().overtaken(generation);
    if (refusals_.empty()) kernel_->watch().committed(generation);
    if (!overtaken || required != 0 || attempt == kLooks) return kOk;
  }
}

Status Runner::put_nft(uint32_t index) {
  const auto* removal = std::get_if<ElementDelete>(&plan_[index]);
  bool looks = removal != nullptr && removal->if_commented && refuse_ != index;
  return looks ? put_own(*removal, {index, 0}) : put(plan_[index], {index, 0});
}

// Of the elements those that are there with the comment that is given.
Status Runner::put_own(const ElementDelete& removal, netlink::Origin origin) {
  ElementDelete left = removal;
  left.elements.clear();
  for (const auto& element : removal.elements) {
    bool own = false;
    if (auto failure = find_own(only(removal, element), own)) return failure;
    if (own) left.elements.push_back(element);
  }
  return left.elements.empty() ? kOk : put(left, origin);
}

// Whether the one element is there, with its comment.
Status Runner::find_own(const ElementDelete& which, bool& own) {
  nft::ElementInfo found;
  auto failure = nft::get_element(kernel_->nft(), which, found);
  own = !failure && found.comment == which.elements.front().comment;
  return failure && failure->errnum == ENOENT ? kOk : failure;
}

// The answer to a transaction is lost: it was committed if all is as it would have left it. Elements tell; one without
// any has made what has no owner, which stays.
Status Runner::resolve(uint32_t first, const Failure& failure) {
  bool told = false;
  bool committed = true;
  auto look = [&](const auto& op, bool wanted) -> Status {
    for (const auto& element : op.elements) {
      bool own = false;
      if (auto unread = find_own(only(op, element), own)) return unread;
      told = true;
      committed = committed && own == wanted;
    }
    return kOk;
  };
  Status unread;
  for (uint32_t index = first; index < next_ && !unread; ++index) {
    if (const auto* add = std::get_if<ElementAdd>(&plan_[index])) unread = look(*add, true);
    if (const auto* removal = std::get_if<ElementDelete>(&plan_[index])) unread = look(*removal, false);
  }
  for (uint32_t index = first; index < next_; ++index) done_[index] = told && committed && !unread;
  return failure;
}

}  // namespace slipway
