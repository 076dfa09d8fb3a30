// Hears that chains or rules of nf_tables have changed, in whichever table. Told is only that it is so, once a second
// at most.
#pragma once

#include <string>

#include "netlink/news.h"

namespace slipway::nft {

class RuleNews : public netlink::News {
 public:
  Status open() override;
  int rest() const override { return 1000; }

 private:
  void hear(netlink::Answer& message, std::set<std::string>& told) override;
  void miss(std::set<std::string>& told) override { told = {"rules"}; }
};

}  // namespace slipway::nft
