#include "js/jobs.h"

#include <unistd.h>

#include <string_view>

#include "js/convert.h"
#include "js/identity.h"

namespace slipway::js {
namespace {

// A dump that changes under our hands is asked for so many times, five tries each.
constexpr int kDumps = 16;
// What the kernel had no room or no memory for, or did not answer.
constexpr int kQuestions = 3;
constexpr useconds_t kPauseMicroseconds = 1000;

int tries_after(const Failure& failure) {
  if (std::string_view(failure.syscall) == kNoMemory) return 1;
  switch (failure.errnum) {
    case EINTR: return kDumps;
    case ENOBUFS:
    case ENOMEM:
    case ETIMEDOUT: return kQuestions;
    default: return 1;
  }
}

}  // namespace

Napi::Value write_outcome(Napi::Env env, const Outcome& outcome, bool with_phases) {
  if (!with_phases && !outcome.failure && !outcome.made) return env.Undefined();
  Napi::Object result = Napi::Object::New(env);
  if (outcome.made) write_identity(env, *outcome.made, result);
  if (with_phases) {
    // Three numbers a phase, flat: first operation, how many, microseconds.
    Napi::Float64Array phases = Napi::Float64Array::New(env, outcome.phases.size() * 3);
    if (phases.IsEmpty()) return {};
    for (std::size_t i = 0; i < outcome.phases.size(); ++i) {
      phases[i * 3] = outcome.phases[i].first;
      phases[i * 3 + 1] = outcome.phases[i].count;
      phases[i * 3 + 2] = outcome.phases[i].microseconds;
    }
    result.Set("phases", phases);
  }
  if (outcome.failure) {
    Napi::Object failure = write_failure(env, outcome.failure->failure);
    failure.Set("operation", outcome.failure->origin.operation);
    failure.Set("element", outcome.failure->origin.part);
    const auto& left = outcome.failure->not_undone;
    Napi::Array not_undone = Napi::Array::New(env, left.size());
    for (std::size_t i = 0; i < left.size(); ++i) {
      Napi::Object item = write_failure(env, left[i].failure);
      item.Set("operation", left[i].origin.operation);
      not_undone.Set(static_cast<uint32_t>(i), item);
    }
    failure.Set("notUndone", not_undone);
    result.Set("failure", failure);
  }
  return result;
}

Napi::Value write_refused(Napi::Env env, const Failure& failure) {
  Outcome outcome;
  outcome.failure = PlanFailure{{}, failure, {}};
  return write_outcome(env, outcome, false);
}

void QueryJob::run(Kernel& kernel) {
  status_ = ask_(kernel);
  for (int attempt = 1; status_ && attempt < tries_after(*status_); ++attempt) {
    usleep(kPauseMicroseconds);
    status_ = ask_(kernel);
  }
}

void QueryJob::settle(Napi::Env env) {
  Napi::Object result = Napi::Object::New(env);
  if (status_) {
    result.Set("failure", write_failure(env, *status_));
  } else {
    result.Set("value", write_(env));
  }
  deferred.resolve(result);
}

}  // namespace slipway::js
