// smallFiles(folder, names): what is in files of a folder that are small, as all records are but those with many ports:
// a text each, or null for what is larger, no file, or cannot be read; and behind it whether the owner may execute it.
// Node.js takes four times as long.
#pragma once

#include <napi.h>

namespace slipway::js {

Napi::Value small_files(const Napi::CallbackInfo& info);

}  // namespace slipway::js
