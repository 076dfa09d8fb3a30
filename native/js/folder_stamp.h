// folderStamp(path): a number that changes when a file or folder comes into a folder or goes out of it; 0 when there is
// none. Node.js's statSync takes five times as long, for the dates that it makes.
#pragma once

#include <napi.h>

namespace slipway::js {

Napi::Value folder_stamp(const Napi::CallbackInfo& info);

}  // namespace slipway::js
