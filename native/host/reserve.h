// Room that a folder keeps for itself: a file beside its others that has blocks already.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/failure.h"

namespace slipway::host {

// Whether a file system has no room: for blocks, for files, or of a user's share.
bool is_full(const Failure& failure);

// Makes the reserve of a folder, or fills it up, as far as there is room.
void keep_reserve(const std::string& folder);

// Puts `content` in the place of the file at `path` without a block or file more: the reserve of its folder is written
// over and changes places with it, so the reserve of the next is what was there. ENOSPC where there is none, or not as
// much; EWOULDBLOCK from flock where another process uses it for long.
Status replace_from_reserve(const std::string& path, const std::string& content, mode_t mode);

}  // namespace slipway::host
