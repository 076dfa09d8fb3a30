// A server inside the sandbox, a client in the host's namespace, and the first byte through the published port.
#pragma once

#include <cstdint>
#include <string>

namespace bench {

// A socket that listens inside the sandbox; that is named by a descriptor or by a path.
int listen_in(int netns, int home, uint16_t container_port);
int listen_inside(const std::string& path, int home, uint16_t container_port);
// Returns once a byte of `server` has arrived at 127.0.0.1:`host_port`.
void byte_from(int server, uint16_t host_port);

// Both. Returns once the byte has arrived at 127.0.0.1:`host_port`. The thread is in `home` before and after.
void first_byte(int netns, int home, uint16_t host_port, uint16_t container_port);

}  // namespace bench
