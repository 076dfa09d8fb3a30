// Hears which links of a namespace come and go (RTNLGRP_LINK). Of the links that nobody means, nothing is told.
#pragma once

#include <map>
#include <set>
#include <string>

#include "netlink/news.h"

namespace slipway::rtnl {

class LinkNews : public netlink::News {
 public:
  Status open() override;
  // The links that are meant from now on, by name. Returns the number of each; 0 where there is none of that name.
  const std::map<std::string, int>& mean(const std::set<std::string>& names);

 private:
  // Told are names that are another link's by now, or no link's.
  void hear(netlink::Answer& message, std::set<std::string>& told) override;
  void miss(std::set<std::string>& told) override;
  int number_of(const std::string& name) const;

  std::map<std::string, int> meant_;  // the number of each; 0: there is no link of that name
};

}  // namespace slipway::rtnl
