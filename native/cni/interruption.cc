#include "cni/interruption.h"

namespace slipway::cni {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

volatile sig_atomic_t came = 0;
void (*pipes)(int) = SIG_DFL;

void set_all(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  for (int one : kSignals) {
    struct sigaction before {};
    // nohup, say, has started this program so that it hears nothing of one.
    if (sigaction(one, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(one, &action, nullptr);
  }
}

void note(int signal) {
  came = signal;
  set_all(SIG_DFL);
}

}  // namespace

Interruption::Interruption() {
  set_all(note);
  pipes = signal(SIGPIPE, SIG_IGN);
}
Interruption::~Interruption() { set_all(SIG_DFL); }
int Interruption::by() const { return came; }

void interruption::leave_pipes() { signal(SIGPIPE, pipes); }

}  // namespace slipway::cni
