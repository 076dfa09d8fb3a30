// filterSources(fd, refused, accepted): see host/source_filter.h. `undefined`, or a failure.
#pragma once

#include <napi.h>

namespace slipway::js {

Napi::Value filter_sources(const Napi::CallbackInfo& info);

}  // namespace slipway::js
