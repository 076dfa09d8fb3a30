// The program that a container's runtime calls as a plugin of CNI, and the command `slipway` for people. It hands all
// on to the resident process, and takes a millisecond for it; where none is there, to a process of its own. A runtime's
// VERSION it answers itself.
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "cni/answer.h"
#include "cni/bytes.h"
#include "cni/command.h"
#include "cni/deadline.h"
#include "cni/io.h"
#include "cni/options.h"
#include "cni/queue.h"
#include "cni/server.h"
#include "cni/typed.h"

namespace slipway::cni {
namespace {

// A runtime writes at once, and closes.
constexpr long kInputMs = 10'000;
// As much as the resident process takes, with the variables.
constexpr size_t kMostInput = 240 << 10;
constexpr size_t kMostVariables = 15 << 10;

// The variables as /proc/self/environ has them, an empty one, and what is on stdin.
bool write_request(Bytes& request, std::string_view input) {
  for (char** one = environ; *one != nullptr; one++)
    if (strncmp(*one, "CNI_", 4) == 0) request.add(*one).add('\0');
  if (request.size() > kMostVariables) return false;
  request.add('\0').add(input);
  return true;
}

int print(std::string_view text, int status) { return write_all(STDOUT_FILENO, text) == 0 ? status : 1; }

// A deletion is best effort: what nobody can do now, somebody does later.
int do_deletion(const Options& options, std::string_view request, std::string_view input) {
  Bytes printed;
  int status = run_command(options, input, printed);
  if (status == 0) return print(printed.view(), 0);
  // It has said why, in the form that runtimes read.
  if (status > 0 && !printed.view().empty() && printed.view().front() == '{') return print(printed.view(), 1);
  int failed = put_aside(options, request);
  if (failed != 0)
    return refuse(kIo, "Neither slipway serve nor slipway cni can be reached, and what is to be deleted cannot be kept",
                  failed, input);
  constexpr std::string_view kNote = "slipway-cni: is deleted when slipway serve or slipway cni runs again\n";
  write_all(STDERR_FILENO, kNote);
  return 0;
}

int serve(const Options& options) {
  const char* variable = getenv("CNI_COMMAND");
  std::string_view command = variable == nullptr ? "" : variable;
  if (command.empty()) return refuse(kEnvironment, "CNI_COMMAND is missing, which a container's runtime sets.", 0, {});
  Bytes input;
  int failed = read_all(STDIN_FILENO, input, kMostInput, Deadline(kInputMs));
  if (command == "VERSION") return print_versions(failed == 0 ? input.view() : std::string_view());
  if (failed != 0) return refuse(kIo, "The configuration on stdin cannot be read to its end", failed, {});
  Bytes request;
  if (!write_request(request, input.view()))
    return refuse(kEnvironment, "CNI_ARGS and the other variables of CNI are too long.", 0, input.view());

  Bytes answer;
  ServerAnswer server =
      ask_server(options.socket, {"/cni", "application/vnd.slipway.cni+json", request.view()}, answer);
  if (server.asked == Asked::kDone) return print(server.text, 0);
  if (server.asked == Asked::kRefused) return print(server.text, 1);
  if (command != "DEL" && server.asked == Asked::kBusy) return print(server.text, 1);
  if (command == "DEL") return do_deletion(options, request.view(), input.view());
  if (server.asked == Asked::kSilent)
    return refuse(kTryAgain, "slipway serve has not answered, and may have done it. Delete it first (DEL).", 0,
                  input.view());
  int reason = become_command(options, input.view());
  return refuse(kNotAvailable, "Nobody listens at the socket of slipway serve, and slipway cni cannot be run", reason,
                input.view());
}

// By its own name, it is nothing else.
bool is_plugin(const char* name) {
  std::string_view own = name == nullptr ? "" : name;
  return after(own, own.rfind('/') + 1) == "slipway-cni";
}

}  // namespace
}  // namespace slipway::cni

int main(int, char** arguments) {
  using namespace slipway::cni;
  // A runtime says what it wants by that, whatever the plugin is called.
  if (getenv("CNI_COMMAND") == nullptr && !is_plugin(arguments[0])) return do_typed(arguments + 1);
  Options options;
  const char* wrong = read_options(arguments + 1, options);
  return wrong == nullptr ? serve(options) : refuse(kEnvironment, wrong, 0, {});
}
