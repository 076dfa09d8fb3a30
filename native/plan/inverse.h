// What takes an operation back.
#pragma once

#include <optional>

#include "plan/operation.h"

namespace slipway {

// The inverse of an operation that was done. `before` is what a sysctl or file held (of a file that was deleted, after
// an x where it was marked, else a hyphen), which namespace was given a name (device, inode and cookie, empty for a
// spare one), the number of a link that was made (empty: none was), and of a port whether it changed hands at all
// (empty: no). Nothing where there is nothing to take back: a deletion, a flush, a setting of a link (an operation
// "link.set" belongs to a link or namespace that the same plan made), a rule (it goes with its chain).
std::optional<Operation> inverse_of(const Operation& operation, const std::string& before);

}  // namespace slipway
