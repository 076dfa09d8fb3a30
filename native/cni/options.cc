#include "cni/options.h"

#include <string_view>

#include "cni/bytes.h"

namespace slipway::cni {
namespace {

// `--name VALUE` and `--name=VALUE`. The value, or a null pointer where it is another option.
const char* value_of(std::string_view name, char**& at) {
  std::string_view given(*at);
  if (given == name) return *(at + 1) != nullptr ? *++at : nullptr;
  if (given.size() > name.size() && first(given, name.size()) == name && given[name.size()] == '=')
    return *at + name.size() + 1;
  return nullptr;
}

}  // namespace

const char* read_options(char** arguments, Options& options) {
  for (char** at = arguments; *at != nullptr; at++) {
    if (std::string_view(*at) == "--") {
      options.command = at + 1;
      return *options.command == nullptr ? "Behind -- is the command slipway, and its options." : nullptr;
    }
    if (const char* socket = value_of("--socket", at)) options.socket = socket;
    else if (const char* state_dir = value_of("--state-dir", at)) options.state_dir = state_dir;
    else if (const char* netns = value_of("--netns", at)) options.netns = netns;
    else return "slipway-cni takes --socket PATH, --state-dir PATH, --netns PATH, and behind -- the command slipway.";
  }
  return nullptr;
}

}  // namespace slipway::cni
