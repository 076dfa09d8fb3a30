// How many connections a second go through a published port.
#pragma once

#include <cstdint>
#include <string>

namespace bench {

struct Connections {
  int64_t count, nanoseconds;
};

// A server in one namespace, clients in another that connect to `host`:`port`, which leads to the server's
// `container_port`. Each connection fetches one byte.
Connections connect_for(double seconds, const std::string& server_netns, const std::string& client_netns,
                        const std::string& host, uint16_t port, uint16_t container_port);

}  // namespace bench
