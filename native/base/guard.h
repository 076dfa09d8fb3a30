// What the standard library throws, as a failure. Where memory or a thread is short, a call is refused: the process
// goes on.
//
// Each way into the addon has such a guard: an exception that came to Node.js's or pthread's frames would end the
// process.
#pragma once

#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>

#include "base/failure.h"

namespace slipway {

inline constexpr const char* kNoMemory = "malloc";

// Of the exception at hand.
inline Failure thrown() noexcept {
  try {
    throw;
  } catch (const std::system_error& error) {
    return Failure::of(error.code().value(), "thread");
  } catch (const std::bad_alloc&) { return Failure::of(ENOMEM, kNoMemory); } catch (const std::length_error&) {
    return Failure::of(E2BIG, kNoMemory);
  } catch (...) { return Failure::of(ENOTRECOVERABLE, "throw"); }
}

// Each thread calls it before it works: the loader makes a thread's room for exceptions when it is first used, and ends
// the process where there is no memory for it then.
inline void be_ready_to_throw() noexcept { (void)std::uncaught_exceptions(); }

// Runs what gives a Status.
template <typename Work>
Status guarded(const Work& work) noexcept {
  try {
    return work();
  } catch (...) { return thrown(); }
}

}  // namespace slipway
