#include "js/folder_stamp.h"

#include <sys/stat.h>

#include <string>

namespace slipway::js {
namespace {

// Half a year: in nanoseconds, what JavaScript's numbers hold exactly.
constexpr int64_t kSeconds = 1 << 23;
constexpr int64_t kNanoseconds = 1'000'000'000;

}  // namespace

Napi::Value folder_stamp(const Napi::CallbackInfo& info) {
  std::string path = info[0].As<Napi::String>().Utf8Value();
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return Napi::Number::New(info.Env(), 0);
  // Within one tick of the file system's clock, each folder in it is one more link.
  int64_t stamp =
      found.st_mtim.tv_sec % kSeconds * kNanoseconds + found.st_mtim.tv_nsec + static_cast<int64_t>(found.st_nlink);
  return Napi::Number::New(info.Env(), static_cast<double>(stamp));
}

}  // namespace slipway::js
