// The command `slipway`, as people and scripts type it.
#pragma once

namespace slipway::cni {

// Has the resident process do it, prints what that says, and returns the exit status; or becomes a program in a sandbox
// (exec). Where no such process is there, or it leaves that to others, it becomes the command of Node.js.
int do_typed(char** arguments);

}  // namespace slipway::cni
