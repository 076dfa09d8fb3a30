// Namespaces as JavaScript knows them: { device, inode, cookie }. The cookie is a text, as it may be beyond 2^53, and
// is left out where it is not known.
#pragma once

#include <napi.h>

#include "netns/netns.h"

namespace slipway::js {

netns::Identity read_identity(const Napi::Object& given);
void write_identity(Napi::Env env, const netns::Identity& identity, Napi::Object& object);

// identify(path): which network namespace a path leads to at this moment. Throws where it leads to none.
Napi::Value identify(const Napi::CallbackInfo& info);

}  // namespace slipway::js
