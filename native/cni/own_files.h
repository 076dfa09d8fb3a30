// What a program in a sandbox finds in place of the machine's: as lib/inside/processes/with-files.ts gives it, without
// a shell.
#pragma once

#include <string_view>

namespace slipway::cni {

// Mounts what is in `folder` over the files of /etc for this process alone, and gives it a hostname, unless that is
// empty. Both are followed by a zero. 0, or errno.
int give_files(std::string_view folder, std::string_view hostname);

}  // namespace slipway::cni
