#include "js/small_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/unique_fd.h"

namespace slipway::js {
namespace {

constexpr std::size_t kRoom = 16 << 10;

struct SmallFile {
  std::array<char, kRoom> room;
  std::size_t size = 0;
  bool marked = false;

  // No link is followed, and nothing is waited for.
  bool read(int folder, const std::string& name) {
    UniqueFd fd(openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat found {};
    if (!fd || fstat(fd.get(), &found) != 0 || !S_ISREG(found.st_mode)) return false;
    size = static_cast<std::size_t>(found.st_size);
    if (size == 0 || size >= kRoom) return false;
    marked = (found.st_mode & S_IXUSR) != 0;
    // One byte more than it is to have: one that grows meanwhile is read otherwise.
    return ::read(fd.get(), room.data(), size + 1) == static_cast<ssize_t>(size);
  }
};

}  // namespace

Napi::Value small_files(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::string path = info[0].As<Napi::String>().Utf8Value();
  auto names = info[1].As<Napi::Array>();
  UniqueFd folder(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  Napi::Array found = Napi::Array::New(env, names.Length() * 2);
  SmallFile file;
  for (uint32_t i = 0; i < names.Length(); ++i) {
    Napi::HandleScope scope(env);
    bool read = folder && file.read(folder.get(), names.Get(i).As<Napi::String>().Utf8Value());
    found.Set(i * 2, read ? Napi::Value(Napi::String::New(env, file.room.data(), file.size)) : env.Null());
    found.Set(i * 2 + 1, Napi::Boolean::New(env, read && file.marked));
  }
  return found;
}

}  // namespace slipway::js
