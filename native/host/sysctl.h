// Settings of the calling thread's namespace, under the folder `procfs`: that of /proc, or one of our own
// (host/procfs.h).
#pragma once

#include <string>

#include "base/failure.h"

namespace slipway::host {

Status read_sysctl(int procfs, const std::string& key, std::string& value);  // key: "net.ipv4.ip_forward"
Status write_sysctl(int procfs, const std::string& key, const std::string& value);

}  // namespace slipway::host
