// Hears what others do to a table of nf_tables (NFNLGRP_NFTABLES): what they take out of it, change or add (a table
// that is made dormant is "added"). Elements that they add, and what our own transactions do, are passed over.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "netlink/news.h"
#include "nft/watch.h"

namespace slipway::nft {

class RulesetNews : public netlink::News {
 public:
  // `table`: the name that ours have, in each family. `kept`: a chain in which others may do what they like.
  RulesetNews(std::shared_ptr<Watch> watch, std::string table, std::string kept)
      : watch_(std::move(watch)), table_(std::move(table)), kept_(std::move(kept)) {}
  Status open() override;
  int rest() const override { return 10; }

 private:
  // Told is "ruleset" where it is about more than elements, and "element COMMENT" for each element; behind each, after
  // zeros, the name and the id of the process that has done it, as far as the kernel tells; "missed" where some was not
  // heard. It tells at the end of a transaction, where the kernel says whose that was.
  void hear(netlink::Answer& message, std::set<std::string>& told) override;
  void miss(std::set<std::string>& told) override {
    heard_.clear();
    told = {"missed"};
  }
  // Has the kernel keep back what is done by our own sockets.
  void pass_over_ours();
  bool is_ours(netlink::Answer& message, uint16_t kept) const;
  void hear_elements(netlink::Answer& message);

  std::shared_ptr<Watch> watch_;
  std::set<uint32_t> ports_;  // whose transactions are passed over
  std::string table_, kept_;
  std::set<std::string> heard_;  // of the transaction that is being told of
};

}  // namespace slipway::nft
