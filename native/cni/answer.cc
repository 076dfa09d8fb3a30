#include "cni/answer.h"

#include <unistd.h>

#include <cstring>

#include "cni/io.h"

namespace slipway::cni {
namespace {

constexpr std::string_view kNewest = "1.1.0";
constexpr std::string_view kKey = "\"cniVersion\"";
constexpr size_t kLongestVersion = 16;

std::string_view skip_spaces(std::string_view text) {
  size_t at = text.find_first_not_of(" \t\r\n");
  return at == std::string_view::npos ? std::string_view() : after(text, at);
}

// Of a configuration, without reading all of it: what cannot be a version is none.
std::string_view version_in(std::string_view config) {
  size_t at = config.find(kKey);
  if (at == std::string_view::npos) return kNewest;
  std::string_view rest = skip_spaces(after(config, at + kKey.size()));
  if (rest.empty() || rest.front() != ':') return kNewest;
  rest = skip_spaces(after(rest, 1));
  if (rest.empty() || rest.front() != '"') return kNewest;
  rest.remove_prefix(1);
  size_t length = rest.find_first_not_of("0123456789.");
  bool is_version = length != std::string_view::npos && length > 0 && length <= kLongestVersion && rest[length] == '"';
  return is_version ? first(rest, length) : kNewest;
}

void add_quoted(Bytes& to, std::string_view text) {
  to.add('"');
  for (char one : text) {
    if (one == '"' || one == '\\') to.add('\\');
    to.add(static_cast<unsigned char>(one) < ' ' ? ' ' : one);
  }
  to.add('"');
}

}  // namespace

int refuse(Code code, std::string_view message, int reason, std::string_view config) {
  Bytes text;
  text.add(message);
  if (reason != 0) text.add(" (").add(strerror(reason)).add(").");
  Bytes json;
  json.add("{\"cniVersion\":");
  add_quoted(json, version_in(config));
  json.add(",\"code\":").number(code).add(",\"msg\":");
  add_quoted(json, text.view());
  json.add("}\n");
  write_all(STDOUT_FILENO, json.view());
  return 1;
}

int print_versions(std::string_view config) {
  Bytes json;
  json.add("{\"cniVersion\":");
  add_quoted(json, version_in(config));
  json.add(",\"supportedVersions\":[\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n");
  return write_all(STDOUT_FILENO, json.view()) == 0 ? 0 : 1;
}

}  // namespace slipway::cni
