// iptables' older half (x_tables): its tables are read by getsockopt, as `iptables-legacy` does. Only tables that are
// there are asked for, as the kernel makes one that is asked for.
//
// Thread: one that is in the namespace.
#pragma once

#include "firewall/firewall.h"

namespace slipway::firewall {

Status read_legacy(Firewalls& firewalls);

}  // namespace slipway::firewall
