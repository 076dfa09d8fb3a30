// Hears that others have changed chains or rules of other tables of nf_tables. Told is only that it is so, once a
// second at most.
#pragma once

#include <string>

#include "netlink/news.h"

namespace slipway::nft {

class OtherRules : public netlink::News {
 public:
  // `table`: the name of those that are ours.
  explicit OtherRules(std::string table) : table_(std::move(table)) {}
  Status open() override;
  int rest() const override { return 1000; }

 private:
  void hear(netlink::Answer& message, std::set<std::string>& told) override;
  void miss(std::set<std::string>& told) override { told = {"others"}; }

  std::string table_;
};

}  // namespace slipway::nft
