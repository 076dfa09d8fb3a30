#include "host/sysctl.h"

#include <fcntl.h>

#include <algorithm>

#include "base/uninterrupted.h"
#include "base/unique_fd.h"

namespace slipway::host {
namespace {

// sysctl(8)'s two spellings: dots separate, unless the key has slashes (a link's name may hold a dot).
std::string path_of(std::string key) {
  if (key.find('/') == std::string::npos) std::replace(key.begin(), key.end(), '.', '/');
  return "sys/" + key;
}

UniqueFd open_setting(int procfs, const std::string& key, int how) {
  std::string path = path_of(key);
  return UniqueFd(uninterrupted([&] { return openat(procfs, path.c_str(), how | O_CLOEXEC); }));
}

}  // namespace

Status read_sysctl(int procfs, const std::string& key, std::string& value) {
  UniqueFd file = open_setting(procfs, key, O_RDONLY);
  if (!file) return Failure::last("open");
  char buffer[4096];
  ssize_t length = uninterrupted([&] { return read(file.get(), buffer, sizeof buffer); });
  if (length < 0) return Failure::last("read");
  value.assign(buffer, static_cast<std::size_t>(length));
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return kOk;
}

Status write_sysctl(int procfs, const std::string& key, const std::string& value) {
  UniqueFd file = open_setting(procfs, key, O_WRONLY);
  if (!file) return Failure::last("open");
  if (uninterrupted([&] { return write(file.get(), value.data(), value.size()); }) < 0) return Failure::last("write");
  return kOk;
}

}  // namespace slipway::host
