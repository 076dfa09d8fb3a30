// What a plan makes of a table, and what the kernel has there, as numbers (nft/fingerprint.h).
#pragma once

#include <napi.h>

#include "nft/fingerprint.h"

namespace slipway::js {

// { whole, parts: [{ kind, name, comment, number }] }. Without `parts`, their list is empty: each takes a microsecond.
Napi::Object write_fingerprints(Napi::Env env, const nft::Fingerprints& prints, bool parts);

// fingerprintPlan(plan): of what its operations make.
Napi::Value fingerprint_plan(const Napi::CallbackInfo& info);

}  // namespace slipway::js
