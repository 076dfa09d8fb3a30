#include "publish.h"

#include <unistd.h>

#include <algorithm>

#include "first_byte.h"
#include "port_claim.h"
#include "since.h"

namespace bench {
namespace {

// Of one transaction.
constexpr unsigned kCrowd = 250;
// Below those that are timed, and beyond them.
constexpr uint16_t kFirstExisting = 1000;

class Publisher {
 public:
  Publisher(Host& host, Claims claims) : host_(host), claims_(claims) { host_.nft().enlarge(); }

  void add_many(const PortClaim& target, unsigned count, uint16_t first_timed, unsigned timed) {
    uint16_t port = kFirstExisting;
    for (unsigned done = 0; done < count;) {
      unsigned crowd = std::min(kCrowd, count - done);
      begin_transaction(host_.messages());
      for (unsigned i = 0; i < crowd; ++i, ++port) {
        if (port == first_timed) port = static_cast<uint16_t>(first_timed + timed);
        put_port(host_.messages(), claims_, {port, target.address, target.target_port}, i + 1 == crowd);
      }
      end_transaction(host_.messages());
      host_.nft().talk(host_.messages(), "publish ports");
      done += crowd;
    }
  }

  int64_t add(const PortClaim& claim) {
    auto began = Clock::now();
    int reserved = reserve_port(claim.port);
    transaction([&] { put_port(host_.messages(), claims_, claim, true); }, "publish a port");
    close(reserved);
    return since(began);
  }

  int64_t remove(const PortClaim& claim) {
    auto began = Clock::now();
    transaction([&] { put_port_away(host_.messages(), claims_, claim); }, "unpublish a port");
    return since(began);
  }

 private:
  template <typename Put>
  void transaction(Put put, const char* what) {
    begin_transaction(host_.messages());
    put();
    end_transaction(host_.messages());
    host_.nft().talk(host_.messages(), what);
  }

  Host& host_;
  Claims claims_;
};

}  // namespace

Published publish(Host& host, const Endpoint& endpoint, Claims claims, unsigned existing, unsigned count,
                  bool connect) {
  auto first = static_cast<uint16_t>(endpoint.host_port + endpoint.ports);
  PortClaim target{first, endpoint.address, endpoint.container_port};
  Publisher publisher(host, claims);
  // Those that are timed lie beyond the endpoint's own.
  publisher.add_many(target, existing, endpoint.host_port, count + endpoint.ports);
  int server = connect ? listen_inside(endpoint.path, host.home(), endpoint.container_port) : -1;
  Published published;
  for (unsigned i = 0; i < count; ++i) {
    target.port = static_cast<uint16_t>(first + i);
    published.added.push_back(publisher.add(target));
    if (connect) {
      auto began = Clock::now();
      byte_from(server, target.port);
      published.connected.push_back(since(began));
    }
    if (claims != Claims::rule) published.removed.push_back(publisher.remove(target));
  }
  if (connect) close(server);
  return published;
}

}  // namespace bench
