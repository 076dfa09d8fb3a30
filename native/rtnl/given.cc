#include "rtnl/given.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "rtnl/address_text.h"
#include "rtnl/question.h"

namespace slipway::rtnl {
namespace {

// So the kernel says that it leads nowhere, or that there is no such family.
constexpr std::array kNowhere = {ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL, ENETDOWN, EAFNOSUPPORT, EOPNOTSUPP};

// An ioctl, as RTM_GETLINK takes rtnetlink's lock and tells all that there is of a link.
Status is_up(const netlink::Socket& socket, const std::string& name, bool& there, bool& up) {
  ifreq request{};
  if (name.size() >= IFNAMSIZ) return Failure::of(ENAMETOOLONG, "given");
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  there = ioctl(socket.fd(), SIOCGIFFLAGS, &request) == 0;
  if (!there && errno != ENODEV) return Failure::last("ioctl");
  up = there && (request.ifr_flags & IFF_UP) != 0;
  return kOk;
}

// Whether packets to an address are for the namespace itself.
Status is_own(netlink::Socket& socket, const std::string& text, bool& own) {
  IpAddress address;
  if (!parse_ip(text, address)) return Failure::of(EINVAL, "given", "no address: " + text);
  Question question("given", RTM_GETROUTE, 0);
  rtmsg header{};
  header.rtm_family = address.family;
  header.rtm_dst_len = static_cast<uint8_t>(address.length * 8);
  question.message.header(header);
  question.message.bytes(RTA_DST, address.bytes.data(), address.length);
  own = false;
  auto failure = socket.request(question.message.written(), [&](netlink::Answer& answer) {
    if (answer.type() != RTM_NEWROUTE) answer.reject();
    own = answer.header<rtmsg>().rtm_type == RTN_LOCAL;
  });
  if (failure && std::find(kNowhere.begin(), kNowhere.end(), failure->errnum) != kNowhere.end()) return kOk;
  return failure;
}

}  // namespace

Status find_lacking(netlink::Socket& socket, const std::string& given, std::string& lacking) {
  std::istringstream lines(given);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    bool there = false;
    bool up = false;
    if (auto failure = is_up(socket, name, there, up)) return failure;
    if (!up) {
      lacking += name + (there ? " down\n" : "\n");
      continue;
    }
    std::string missing;
    for (std::string address; words >> address;) {
      bool own = false;
      if (auto trouble = is_own(socket, address, own)) return trouble;
      if (!own) missing += ' ' + address;
    }
    if (!missing.empty()) lacking += name + missing + '\n';
  }
  return kOk;
}

}  // namespace slipway::rtnl
